import { readSysfsValues } from '../../kvm/index.ts';
import { routingIdOf } from './address.ts';

/**
 * Where a function is plugged in, without bus numbers, which firmware deals out anew when a card is added: the root's name in ACPI (or
 * its bus number, where ACPI says nothing), then device and function of each bridge on the way, e.g. `\_SB_.PC03/00.0/00.1`.
 * Names of /sys/bus/pci/slots are not used: whether they are there depends on the hotplug drivers that are loaded.
 */
export function slotPathOf(
  hops: readonly string[],
  root: string | undefined,
  roots: ReadonlyMap<string, string>,
): string {
  const steps = hops.map((address) => address.slice(-4));
  return [roots.get(root ?? '') ?? root ?? '?', ...steps].join('/');
}

/** A virtual function is where its physical one is, by its distance in routing ids: the same however buses are numbered. */
export function slotPathOfVf(physical: { address: string; slotPath: string }, address: string): string {
  return `${physical.slotPath}/vf${routingIdOf(address) - routingIdOf(physical.address)}`;
}

/** ACPI names of the roots (`pci0000:3a`) by their names in /sys/devices. A name that two have is none. */
export function readRoots(pciSysfs: string | undefined): ReadonlyMap<string, string> {
  const named = [...readSysfsValues(pciSysfs, 'sys/devices')].flatMap(([root, files]) => {
    const path = files.get('firmware_node/path');
    return path !== undefined && /^\\[A-Z0-9_.]{1,60}$/.test(path) ? [[root, path] as const] : [];
  });
  const counts = new Map<string, number>();
  for (const [, path] of named) counts.set(path, (counts.get(path) ?? 0) + 1);
  return new Map(named.filter(([, path]) => counts.get(path) === 1));
}
