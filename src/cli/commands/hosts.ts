import type { Answer } from '../client.ts';
import type { Command, CommandContext } from '../command.ts';
import {
  callWithProgress,
  findOne,
  inventoryOf,
  neededOption,
  refuseWords,
  textOption,
  wordAt,
} from '../command.ts';
import { CliError } from '../errors.ts';
import { readBounded, readPassword } from '../io.ts';
import { plain, renderFields } from '../output.ts';
import { uuidAt, uuidOf } from './kvm-things.ts';
import { deleteCommand, listCommand } from './resource.ts';

const path = '/hosts';
const kind = { noun: 'host', one: 'a host', path };
const columns = ['name', 'uuid', 'state', 'status', 'managementIp', 'statusCause'];
const stateEvents = ['enable', 'disable', 'maintain'];
/** What the API takes. */
const maxScript = 65_536;

/** What a script printed, line by line, each fit for a terminal. */
const block = (text: string): string =>
  text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => plain(line.replaceAll('\t', '    ')))
    .join('\n');

function renderAnswers(answers: Answer): string {
  return Object.entries(answers)
    .map(([uuid, value]) => {
      const { returnCode, stdout, stderr, errorCode } = value as Readonly<Record<string, unknown>>;
      const { details } = (errorCode ?? {}) as { readonly details?: unknown };
      const end = details === undefined ? `exit ${plain(returnCode)}` : plain(details);
      const texts = [stdout, stderr].flatMap((text) =>
        typeof text === 'string' && text !== '' ? [block(text)] : [],
      );
      return [`== ${plain(uuid)}: ${end}`, ...texts].join('\n');
    })
    .join('\n');
}

async function readScript({ io }: CommandContext): Promise<string> {
  const bytes = await readBounded(io.stdin, maxScript);
  if (bytes === undefined) throw new CliError('usage', `a script has at most ${maxScript} bytes`);
  const script = new TextDecoder().decode(bytes);
  if (script.trim() === '') throw new CliError('usage', 'give the script on standard input');
  return script;
}

export const hostCommands: readonly Command[] = [
  listCommand(kind, 'all KVM hosts', columns),
  {
    name: 'host show',
    usage: 'host show <host>',
    about: 'one host and what it said about itself',
    async run(context) {
      const wanted = wordAt(context, 0, 'the name or uuid of a host');
      const inventory = await findOne(context.client, path, 'host', wanted);
      context.show({ inventory }, () => renderFields(inventory));
    },
  },
  {
    name: 'host add',
    usage:
      'host add --name NAME --ip ADDRESS --cluster CLUSTER [--user USER] [--port N] [--own-key | --local] [--host-key SHA256:...] [--description TEXT]',
    about:
      'add a KVM host; its password comes from RACKWRIGHT_HOST_PASSWORD, a prompt or standard input, unless --own-key (see host key) or --local (this very server) is given',
    options: {
      name: { type: 'string' },
      ip: { type: 'string' },
      cluster: { type: 'string' },
      user: { type: 'string' },
      port: { type: 'string' },
      'own-key': { type: 'boolean' },
      local: { type: 'boolean' },
      'host-key': { type: 'string' },
      description: { type: 'string' },
    },
    async run(context) {
      const { io, options } = context;
      const [name, managementIp] = [neededOption(context, 'name'), neededOption(context, 'ip')];
      const clusterUuid = await uuidOf(context, 'cluster', neededOption(context, 'cluster'));
      const username = textOption(context, 'user') ?? 'root';
      const [port, hostKey] = [textOption(context, 'port'), textOption(context, 'host-key')];
      const keyed = options['own-key'] === true || options['local'] === true;
      const params = {
        name,
        description: textOption(context, 'description'),
        managementIp,
        clusterUuid,
        username,
        ...(port === undefined ? {} : { sshPort: Number(port) }),
        password: keyed
          ? ''
          : await readPassword(
              io,
              'RACKWRIGHT_HOST_PASSWORD',
              `Password of ${username} on ${managementIp}: `,
            ),
      };
      const systemTags = [
        ...(options['local'] === true ? ['hostConnection::local'] : []),
        ...(hostKey === undefined ? [] : [`sshHostKey::${hostKey}`]),
      ];
      const body = { params, systemTags };
      const answer = await callWithProgress(context, 'host add', 'POST', '/hosts/kvm', body);
      context.show(answer, () => renderFields(inventoryOf(answer)));
    },
  },
  {
    name: 'host reconnect',
    usage: 'host reconnect <host>',
    about: 'connect anew and look at everything on it again',
    async run(context) {
      const at = `${path}/${await uuidAt(context, 0, 'host')}/actions`;
      const answer = await callWithProgress(context, 'host reconnect', 'PUT', at, { reconnectHost: {} });
      context.show(answer, () => `${context.words[0]} is ${plain(inventoryOf(answer)['status'])}`);
    },
  },
  {
    name: 'host state',
    usage: 'host state enable|disable|maintain <host>',
    about: 'whether new VMs may come to a host',
    async run(context) {
      const stateEvent = wordAt(context, 0, 'enable, disable or maintain');
      if (!stateEvents.includes(stateEvent)) throw new CliError('usage', 'say enable, disable or maintain');
      const at = `${path}/${await uuidAt(context, 1, 'host')}/actions`;
      const body = { changeHostState: { stateEvent } };
      const answer = await callWithProgress(context, 'host state', 'PUT', at, body);
      context.show(answer, () => `${context.words[1]} is ${plain(inventoryOf(answer)['state'])}`);
    },
  },
  {
    name: 'host shell',
    usage: 'host shell <host>... < SCRIPT',
    about: 'run the shell script on standard input as root on hosts, everywhere at once',
    async run(context) {
      wordAt(context, 0, 'the name or uuid of a host');
      const hostUuids = await Promise.all(context.words.map((word) => uuidOf(context, 'host', word)));
      const body = { kvmRunShell: { hostUuids, script: await readScript(context) } };
      const answer = await callWithProgress(context, 'host shell', 'PUT', '/hosts/kvm/actions', body);
      context.show(answer, () => renderAnswers(inventoryOf(answer)));
    },
  },
  deleteCommand(kind, 'forget a host; its VMs stay on it, untouched'),
  {
    name: 'host key',
    usage: 'host key',
    about: "the server's public SSH key, for authorized_keys of a host",
    async run(context) {
      refuseWords(context, 0);
      const answer = await context.client.call('GET', '/hosts/kvm/public-key');
      context.show(answer, () => plain(answer['publicKey']));
    },
  },
];
