import type { Command, CommandContext } from '../command.ts';
import {
  callWithProgress,
  findAtMostOne,
  inventoryOf,
  refuseWords,
  textOf,
  textOption,
  wordAt,
} from '../command.ts';
import { runConsole } from '../console/drive.ts';
import { parseEscape } from '../console/keys.ts';
import { socketUrl, ticketOf } from '../console/link.ts';
import type { From } from '../console/talk.ts';
import { CliError } from '../errors.ts';
import { plain } from '../output.ts';
import { things } from './kvm-things.ts';

/** What has a console: where it is listed, and how its console is asked for. */
const subjects = {
  chassis: {
    what: 'chassis',
    path: '/baremetal/chassis',
    consoles: '/baremetal/consoles',
    member: 'chassisUuid',
  },
  vm: { ...things.vm, consoles: '/consoles', member: 'vmInstanceUuid' },
} as const;

const beginnings: readonly string[] = ['start', 'run', 'now'] satisfies readonly From[];
const isFrom = (text: string): text is From => beginnings.includes(text);

function fromOption(context: CommandContext): From | undefined {
  const text = textOption(context, 'from');
  if (text === undefined || isFrom(text)) return text;
  throw new CliError('usage', '--from takes start, run (where the newest run began) or now');
}

/** The machine that the word names: a chassis, or else a VM. */
async function subjectOf(
  context: CommandContext,
): Promise<{ readonly kind: keyof typeof subjects; readonly uuid: string }> {
  const wanted = wordAt(context, 0, 'the name or uuid of a chassis or VM');
  refuseWords(context, 1);
  const kinds = context.options['vm'] === true ? (['vm'] as const) : (['chassis', 'vm'] as const);
  for (const kind of kinds) {
    const { path, what } = subjects[kind];
    const found = await findAtMostOne(context.client, path, what, wanted);
    if (found !== undefined) return { kind, uuid: textOf(found, 'uuid') };
  }
  const what = kinds.map((kind) => subjects[kind].what).join(' or ');
  throw new CliError('refused', `there is no ${what} with the name or uuid ${plain(wanted)}`);
}

export const consoleCommands: readonly Command[] = [
  {
    name: 'console',
    usage:
      'console <chassis|vm> [--vm] [--view-only] [--take-over] [--from start|run|now] [--escape ^]] [--log FILE] [--exit-on-eof]',
    about:
      'the serial console in this terminal: ^] q leaves, ^] ? lists the other keys. --take-over ends a console of somebody outside, --log ' +
      'appends the output to a file. Without a terminal it types what standard input has and prints; --exit-on-eof then leaves at its end',
    options: {
      vm: { type: 'boolean' },
      'view-only': { type: 'boolean' },
      'take-over': { type: 'boolean' },
      from: { type: 'string' },
      escape: { type: 'string' },
      log: { type: 'string' },
      'exit-on-eof': { type: 'boolean' },
    },
    async run(context) {
      const { io, client, options } = context;
      if (options['json'] === true) {
        throw new CliError(
          'usage',
          'a console prints what the machine prints, which is no JSON; leave --json out',
        );
      }
      const viewOnly = options['view-only'] === true;
      const takeOver = options['take-over'] === true;
      if (viewOnly && takeOver) throw new CliError('usage', '--take-over and --view-only exclude each other');
      const escape = parseEscape(textOption(context, 'escape') ?? '^]');
      const from = fromOption(context);
      const { kind, uuid } = await subjectOf(context);
      const { consoles, member } = subjects[kind];
      const params = { [member]: uuid, ...(viewOnly ? { viewOnly } : {}) };
      const access = async (): Promise<string> => {
        const answer = await callWithProgress(context, 'console', 'POST', consoles, { params });
        return ticketOf(inventoryOf(answer)['url']);
      };
      await runConsole({
        io,
        access,
        urlOf: (ticket) => socketUrl(client.url, ticket),
        viewOnly,
        escape,
        takeOver,
        log: textOption(context, 'log'),
        from,
        exitOnEof: options['exit-on-eof'] === true,
      });
    },
  },
];
