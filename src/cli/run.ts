import { parseArgs } from 'node:util';
import { messageOf } from '../base/errors.ts';
import { createClient } from './client.ts';
import type { Command, OptionValues } from './command.ts';
import { commands } from './commands/index.ts';
import { CliError, exitCodes } from './errors.ts';
import { renderHelp, renderShortHelp } from './help.ts';
import type { Io } from './io.ts';
import { say } from './io.ts';
import { plain } from './output.ts';
import { loadSession } from './session-file.ts';

/** The commands whose name begins with a word of the line. */
const groupOf = (word: string): readonly Command[] =>
  commands.filter(({ name }) => name === word || name.startsWith(`${word} `));

/** The command that the first one or two words name, and how many words that took. */
function findCommand(argv: readonly string[]): readonly [Command, number] | undefined {
  for (const count of [2, 1]) {
    const name = argv.slice(0, count).join(' ');
    const command = commands.find((candidate) => candidate.name === name);
    if (command !== undefined) return [command, count];
  }
  return undefined;
}

function parse(
  command: Command,
  args: readonly string[],
): { values: OptionValues; words: readonly string[] } {
  const common = {
    json: { type: 'boolean' },
    url: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...common, ...command.options },
      allowPositionals: true,
    });
    return { values, words: positionals };
  } catch (error) {
    throw new CliError('usage', messageOf(error), { cause: error });
  }
}

async function runCommand(command: Command, args: readonly string[], io: Io): Promise<void> {
  const { values, words } = parse(command, args);
  if (values['help'] === true) {
    say(io, renderHelp(groupOf(command.name)));
    return;
  }
  const stored = await loadSession(io);
  const chosen = typeof values['url'] === 'string' ? values['url'] : io.env['RACKWRIGHT_URL'];
  const url = (chosen ?? stored?.url ?? 'http://127.0.0.1:8080').replace(/\/+$/, '');
  // A session is a secret of the server that gave it; no other server gets it.
  const session = stored?.url === url ? stored.session : undefined;
  const client = createClient({ url, ...(session === undefined ? {} : { session }) });
  const show = (answer: unknown, text: () => string): void =>
    say(io, values['json'] === true ? JSON.stringify(answer, null, 2) : text());
  await command.run({ io, client, words, options: values, show });
}

/** Runs the command line after the program's name; resolves to the exit status and never rejects. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const [first = '--help', ...others] = argv;
  try {
    if (['--help', '-h', 'help'].includes(first)) {
      if (first === 'help' && others.length > 0) return await run([...others, '--help'], io);
      say(io, renderShortHelp(commands));
      return 0;
    }
    const found = findCommand(argv);
    if (found !== undefined) {
      const [command, count] = found;
      await runCommand(command, argv.slice(count), io);
      return 0;
    }
    const group = groupOf(first);
    const asked = others.some((word) => word === '--help' || word === '-h');
    if (group.length > 0 && (others.length === 0 || asked)) {
      say(io, renderHelp(group));
      return asked ? 0 : exitCodes.usage;
    }
    throw new CliError(
      'usage',
      `no such command: ${plain(argv.slice(0, 2).join(' '))}; see rackwright --help`,
    );
  } catch (error) {
    io.stderr.write(`rackwright: ${plain(messageOf(error))}\n`);
    return error instanceof CliError ? exitCodes[error.code] : 1;
  }
}
