import type { Answer } from '../client.ts';
import type { Command, CommandContext } from '../command.ts';
import { callWithProgress, inventoryOf, textOption, wordAt } from '../command.ts';
import { CliError } from '../errors.ts';
import { plain, renderTable } from '../output.ts';
import { things, uuidAt, uuidOf, withNames } from './kvm-things.ts';

const { path } = things.pci;
const columns = ['pciDeviceAddress', 'name', 'status', 'iommuGroup', 'driver', 'host', 'vm', 'uuid'];
const device = '<device>';

const rowsIn = (answer: Answer, member: string): readonly Answer[] => {
  const value = answer[member];
  return Array.isArray(value) ? (value as readonly Answer[]) : [];
};

/** What an attachment plan means, one line a fact. */
function renderPlan(plan: Answer): string {
  const [refusals, warnings] = [rowsIn(plan, 'refusals'), rowsIn(plan, 'warnings')];
  return [
    renderTable(['pciDeviceAddress', 'name', 'driver'], rowsIn(plan, 'moves')),
    ...refusals.map(({ code, text }) => `refused (${plain(code)}): ${plain(text)}`),
    ...warnings.map(({ code, text }) => `warning (${plain(code)}): ${plain(text)}`),
    refusals.length === 0 ? 'it can be attached' : 'it cannot be attached',
  ].join('\n');
}

function handOver(verb: 'attach' | 'detach', about: string): Command {
  return {
    name: `pci ${verb}`,
    usage: `pci ${verb} ${device} <vm>`,
    about,
    async run(context) {
      const uuid = await uuidAt(context, 0, 'pci');
      const params = { vmInstanceUuid: await uuidAt(context, 1, 'vm') };
      const answer = await callWithProgress(context, `pci ${verb}`, 'POST', `${path}/${uuid}/${verb}`, {
        params,
      });
      context.show(answer, () => `${context.words[0]} is ${plain(inventoryOf(answer)['status'])}`);
    },
  };
}

async function ofHost(context: CommandContext): Promise<readonly string[]> {
  const host = textOption(context, 'host');
  return host === undefined ? [] : [`hostUuid=${await uuidOf(context, 'host', host)}`];
}

export const pciCommands: readonly Command[] = [
  {
    name: 'pci list',
    usage: 'pci list [--host HOST]',
    about: 'PCI devices of hosts; elsewhere a device is given by its address, name or uuid',
    options: { host: { type: 'string' } },
    async run(context) {
      const inventories = await context.client.list(path, await ofHost(context));
      const named = await withNames(context, inventories);
      context.show({ inventories }, () => renderTable(columns, named));
    },
  },
  {
    name: 'pci plan',
    usage: `pci plan ${device} <vm>`,
    about: 'what attaching it would move, and why it is refused',
    async run(context) {
      const [uuid, vmUuid] = [await uuidAt(context, 0, 'pci'), await uuidAt(context, 1, 'vm')];
      const at = `${path}/${uuid}/attachment-plan?vmInstanceUuid=${vmUuid}`;
      const answer = await context.client.call('GET', at);
      context.show(answer, () => renderPlan(inventoryOf(answer)));
    },
  },
  handOver('attach', 'give a device and its IOMMU group to a VM'),
  handOver('detach', 'take it back'),
  {
    name: 'pci vfs',
    usage: `pci vfs ${device} COUNT`,
    about: 'make virtual functions of a device; 0 removes them',
    async run(context) {
      const uuid = await uuidAt(context, 0, 'pci');
      const count = wordAt(context, 1, 'the number of virtual functions');
      if (!/^\d{1,5}$/.test(count)) throw new CliError('usage', `${plain(count)} is no number`);
      const body =
        Number(count) === 0
          ? { ungenerateSriovPciDevices: {} }
          : { generateSriovPciDevices: { virtPartNum: Number(count) } };
      const answer = await callWithProgress(context, 'pci vfs', 'PUT', `${path}/${uuid}/actions`, body);
      context.show(answer, () => `${context.words[0]} has ${Number(count)} virtual functions`);
    },
  },
];
