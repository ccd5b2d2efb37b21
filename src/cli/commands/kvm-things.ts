import type { Answer } from '../client.ts';
import type { CommandContext } from '../command.ts';
import { findOne, textOf, wordAt } from '../command.ts';
import { plain } from '../output.ts';

/** Kinds of things that the commands of KVM hosts name. */
export const things = {
  host: { path: '/hosts', what: 'host' },
  vm: { path: '/vm-instances', what: 'VM' },
  pci: { path: '/pci-device/pci-devices', what: 'PCI device' },
  usb: { path: '/usb-device/usb-devices', what: 'USB device' },
  cluster: { path: '/clusters', what: 'cluster' },
} as const;
type Thing = keyof typeof things;

/** The uuid of the thing that the n-th word names. */
export async function uuidAt(context: CommandContext, at: number, thing: Thing): Promise<string> {
  const { what } = things[thing];
  return uuidOf(context, thing, wordAt(context, at, `the name or uuid of a ${what}`));
}

/** The uuid of the thing that has this name or uuid. A PCI device also goes by its address, where one host has it. */
export async function uuidOf({ client }: CommandContext, thing: Thing, wanted: string): Promise<string> {
  const { path, what } = things[thing];
  if (thing === 'pci' && /^[0-9a-f:]+\.[0-7]$/i.test(wanted)) {
    const address = (wanted.split(':').length === 2 ? `0000:${wanted}` : wanted).toLowerCase();
    const [first, second] = await client.list(path, [`pciDeviceAddress=${address}`]);
    if (first !== undefined && second === undefined) return textOf(first, 'uuid');
  }
  return textOf(await findOne(client, path, what, wanted), 'uuid');
}

/** Names by uuid, for tables. */
async function namesOf({ client }: CommandContext, thing: Thing): Promise<ReadonlyMap<unknown, string>> {
  const rows = await client.list(things[thing].path);
  return new Map(rows.map((row) => [row['uuid'], plain(row['name'])]));
}

/** Rows with the names of their host and VM in place of uuids. */
export async function withNames(
  context: CommandContext,
  rows: readonly Answer[],
): Promise<readonly Answer[]> {
  const [hosts, vms] = [await namesOf(context, 'host'), await namesOf(context, 'vm')];
  return rows.map((row) => ({
    ...row,
    host: hosts.get(row['hostUuid'] ?? row['lastHostUuid']),
    vm: vms.get(row['vmInstanceUuid']),
  }));
}
