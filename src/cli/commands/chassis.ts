import type { Command } from '../command.ts';
import {
  callWithProgress,
  findOne,
  inventoryOf,
  neededOption,
  textOf,
  textOption,
  wordAt,
} from '../command.ts';
import { CliError } from '../errors.ts';
import { readPassword } from '../io.ts';
import { plain, renderFields } from '../output.ts';
import { deleteCommand, listCommand, onlyUuid } from './resource.ts';
import { followRun } from './watch.ts';

const path = '/baremetal/chassis';
const kind = { noun: 'chassis', one: 'a chassis', path };
const columns = ['name', 'uuid', 'status', 'ipmiAddress', 'ipmiPort', 'statusCause'];

const powerActions: Readonly<Record<string, string>> = {
  on: 'powerOnBaremetalHost',
  off: 'powerOffBaremetalHost',
  reset: 'powerResetBaremetalHost',
  status: 'powerStatusBaremetalHost',
};

export const chassisCommands: readonly Command[] = [
  listCommand(kind, 'all chassis', columns),
  {
    name: 'chassis show',
    usage: 'chassis show <chassis>',
    about: 'one chassis and what inspection found in it',
    async run(context) {
      const { client, show } = context;
      const wanted = wordAt(context, 0, 'the name or uuid of a chassis');
      const chassis = await findOne(client, path, 'chassis', wanted);
      const hardware = await client.list('/baremetal/hardwareinfo', [
        `chassisUuid=${textOf(chassis, 'uuid')}`,
      ]);
      show({ inventory: chassis, hardware }, () =>
        [
          renderFields(chassis),
          ...hardware.map((row) => `${plain(row['type'])}: ${plain(row['content'])}`),
        ].join('\n'),
      );
    },
  },
  {
    name: 'chassis create',
    usage:
      'chassis create --name NAME --ipmi-address IP --ipmi-user USER [--ipmi-port N] [--boot-mac MAC]... [--boot-mode legacy|uefi] [--cluster CLUSTER] [--description TEXT] [--skip-ipmi-check]',
    about: 'add a machine; its BMC password comes from RACKWRIGHT_IPMI_PASSWORD, a prompt or standard input',
    options: {
      name: { type: 'string' },
      description: { type: 'string' },
      'ipmi-address': { type: 'string' },
      'ipmi-port': { type: 'string' },
      'ipmi-user': { type: 'string' },
      'boot-mac': { type: 'string', multiple: true },
      'boot-mode': { type: 'string' },
      cluster: { type: 'string' },
      'skip-ipmi-check': { type: 'boolean' },
    },
    async run(context) {
      const { io, options } = context;
      const name = neededOption(context, 'name');
      const ipmiAddress = neededOption(context, 'ipmi-address');
      const ipmiUsername = neededOption(context, 'ipmi-user');
      const bootMode = textOption(context, 'boot-mode');
      const cluster = textOption(context, 'cluster');
      // Before the password is asked for: a name that is wrong shall not cost a second typing of it.
      const clusterUuid =
        cluster === undefined
          ? undefined
          : textOf(await findOne(context.client, '/clusters', 'cluster', cluster), 'uuid');
      const macs = [options['boot-mac'] ?? []].flat().map((mac) => `bootMac::${String(mac)}`);
      const params = {
        name,
        description: textOption(context, 'description'),
        ipmiAddress,
        ipmiPort: textOption(context, 'ipmi-port'),
        ipmiUsername,
        clusterUuid,
        ipmiPassword: await readPassword(io, 'RACKWRIGHT_IPMI_PASSWORD', `BMC password of ${ipmiUsername}: `),
      };
      const systemTags = [
        ...macs,
        ...(bootMode === undefined ? [] : [`bootMode::${bootMode}`]),
        ...(options['skip-ipmi-check'] === true ? ['skipIpmiCheck::true'] : []),
      ];
      const answer = await callWithProgress(context, 'chassis create', 'POST', path, { params, systemTags });
      context.show(answer, () => renderFields(inventoryOf(answer)));
    },
  },
  {
    name: 'chassis provision',
    usage: 'chassis provision <chassis> [--wait]',
    about: 'inspect (without hostcfg) or install (with one); --wait follows the machine to the end',
    options: { wait: { type: 'boolean' } },
    async run(context) {
      const uuid = await onlyUuid(context, kind);
      const action = { provisionBaremetalHost: {} };
      let job: string | undefined;
      const answer = await callWithProgress(
        context,
        'chassis provision',
        'PUT',
        `${path}/${uuid}/actions`,
        action,
        { onJob: (jobUuid) => (job = jobUuid) },
      );
      if (context.options['wait'] === true) await followRun(context, uuid, job);
      else context.show(answer, () => `${context.words[0]} is ${plain(inventoryOf(answer)['status'])}`);
    },
  },
  deleteCommand(kind, 'forget a machine with its hostcfg and hardware info'),
  {
    name: 'chassis power',
    usage: 'chassis power on|off|reset|status <chassis>',
    about: 'power of one machine',
    async run(context) {
      const [verb = '', ...words] = context.words;
      const key = powerActions[verb];
      if (key === undefined) throw new CliError('usage', 'say on, off, reset or status');
      const uuid = await onlyUuid({ ...context, words }, kind);
      const what = `power ${verb}`;
      const answer = await callWithProgress(context, what, 'PUT', `${path}/${uuid}/actions`, { [key]: {} });
      context.show(answer, () =>
        verb === 'status' ? plain(answer['status']) : `${words[0]}: power ${verb}`,
      );
    },
  },
];
