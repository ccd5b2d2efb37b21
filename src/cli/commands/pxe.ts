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
import type { Answer } from '../client.ts';
import { CliError } from '../errors.ts';
import { renderFields } from '../output.ts';
import { dhcpOptions, dhcpParams, dhcpUsage } from './pxe-dhcp.ts';
import { listCommand } from './resource.ts';

const path = '/baremetal/pxeserver';
const columns = [
  'name',
  'uuid',
  'status',
  'mode',
  'dhcpInterface',
  'dhcpRangeBegin',
  'dhcpRangeEnd',
  'dhcpRangeNetmask',
];

/** What DHCP does, with a hint that it does not. */
function modeOf(row: Answer): string {
  const mode = textOf(row, 'dhcpMode');
  return row['heldBack'] === undefined ? mode : `${mode} (held back)`;
}

function switchCommand(verb: 'start' | 'stop'): Command {
  return {
    name: `pxe ${verb}`,
    usage: `pxe ${verb} <name|uuid>`,
    about: `${verb} DHCP, TFTP and boot HTTP on the server's interface`,
    async run(context) {
      const wanted = wordAt(context, 0, 'the name or uuid of a PXE server');
      const uuid = textOf(await findOne(context.client, path, 'PXE server', wanted), 'uuid');
      const action = { [`${verb}BaremetalPxeServer`]: {} };
      const answer = await callWithProgress(context, `pxe ${verb}`, 'PUT', `${path}/${uuid}/actions`, action);
      context.show(answer, () => `${wanted}: ${verb === 'start' ? 'started' : 'stopped'}`);
    },
  };
}

export const pxeCommands: readonly Command[] = [
  listCommand({ noun: 'pxe', one: 'a PXE server', path }, 'PXE servers', columns, async (_, rows) =>
    rows.map((row) => ({ ...row, mode: modeOf(row) })),
  ),
  {
    name: 'pxe show',
    usage: 'pxe show <name|uuid>',
    about: 'one PXE server with all that was set',
    async run(context) {
      const wanted = wordAt(context, 0, 'the name or uuid of a PXE server');
      const server = await findOne(context.client, path, 'PXE server', wanted);
      context.show({ inventory: server }, () => renderFields(server));
    },
  },
  {
    name: 'pxe create',
    usage: `pxe create --interface IF [--name NAME] ${dhcpUsage}`,
    about:
      'serve network boots on one interface; it runs at once, and only observes where another DHCP server answers unless --mode is given',
    options: {
      interface: { type: 'string' },
      name: { type: 'string' },
      ...dhcpOptions,
    },
    async run(context) {
      const dhcpInterface = neededOption(context, 'interface');
      const params = {
        name: textOption(context, 'name') ?? dhcpInterface,
        dhcpInterface,
        ...dhcpParams(context),
      };
      const answer = await callWithProgress(context, 'pxe create', 'POST', path, { params });
      context.show(answer, () => renderFields(inventoryOf(answer)));
    },
  },
  {
    name: 'pxe update',
    usage: `pxe update <name|uuid> [--name NAME] ${dhcpUsage}`,
    about: 'change a PXE server while it runs; lists replace what was there, an empty one clears it',
    options: { name: { type: 'string' }, ...dhcpOptions },
    async run(context) {
      const wanted = wordAt(context, 0, 'the name or uuid of a PXE server');
      const updateBaremetalPxeServer = { name: textOption(context, 'name'), ...dhcpParams(context) };
      if (Object.values(updateBaremetalPxeServer).every((value) => value === undefined))
        throw new CliError('usage', 'nothing to change; give at least one option');
      const uuid = textOf(await findOne(context.client, path, 'PXE server', wanted), 'uuid');
      const body = { updateBaremetalPxeServer };
      const answer = await callWithProgress(context, 'pxe update', 'PUT', `${path}/${uuid}/actions`, body);
      context.show(answer, () => renderFields(inventoryOf(answer)));
    },
  },
  switchCommand('start'),
  switchCommand('stop'),
];
