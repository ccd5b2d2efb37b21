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
import { renderFields, renderTable } from '../output.ts';

const path = '/baremetal/pxeserver';
const columns = [
  'name',
  'uuid',
  'status',
  'dhcpInterface',
  'dhcpRangeBegin',
  'dhcpRangeEnd',
  'dhcpRangeNetmask',
];

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
  {
    name: 'pxe list',
    usage: 'pxe list',
    about: 'PXE servers',
    async run({ client, show }) {
      const inventories = await client.list(path);
      show({ inventories }, () => renderTable(columns, inventories));
    },
  },
  {
    name: 'pxe create',
    usage: 'pxe create --interface IF [--name NAME] [--range-begin IP --range-end IP] [--netmask MASK]',
    about: 'serve network boots on one interface; it runs at once',
    options: {
      interface: { type: 'string' },
      name: { type: 'string' },
      'range-begin': { type: 'string' },
      'range-end': { type: 'string' },
      netmask: { type: 'string' },
    },
    async run(context) {
      const dhcpInterface = neededOption(context, 'interface');
      const params = {
        name: textOption(context, 'name') ?? dhcpInterface,
        dhcpInterface,
        dhcpRangeBegin: textOption(context, 'range-begin'),
        dhcpRangeEnd: textOption(context, 'range-end'),
        dhcpRangeNetmask: textOption(context, 'netmask'),
      };
      const answer = await callWithProgress(context, 'pxe create', 'POST', path, { params });
      context.show(answer, () => renderFields(inventoryOf(answer)));
    },
  },
  switchCommand('start'),
  switchCommand('stop'),
];
