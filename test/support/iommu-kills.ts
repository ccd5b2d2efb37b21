import { ended } from './fake-host-shell.ts';
import { audio, gpu, type IommuWorld } from './iommu-world.ts';

/** Who dies: the connection to the host, this process, or libvirtd. */
export const victims = ['connection', 'process', 'libvirtd'] as const;
export type Victim = (typeof victims)[number];
export const moments = ['before', 'during', 'after'] as const;

/** What must be true of rows and host once everybody is back and has looked. */
export function disagreements(world: IommuWorld): readonly string[] {
  const wrong: string[] = [];
  const domains = [...world.model.domains.values()];
  for (const row of world.store.devices.values()) {
    const fake = world.model.pci.get(row.pciDeviceAddress);
    const holder = domains.find((d) => [...d.config, ...d.live].includes(row.pciDeviceAddress));
    const assignment = world.store.assignments.get(row.uuid);
    if (row.vmInstanceUuid !== holder?.uuid) wrong.push(`${row.pciDeviceAddress} is in ${holder?.uuid}`);
    if ((row.status === 'Attached') !== (holder !== undefined)) wrong.push(row.status);
    if (row.facts?.driver !== fake?.driver) wrong.push(`${row.facts?.driver} is ${fake?.driver}`);
    if (assignment?.vmInstanceUuid !== holder?.uuid) wrong.push(`assigned to ${assignment?.vmInstanceUuid}`);
    if (assignment !== undefined && assignment.phase !== 'attached') wrong.push(assignment.phase);
    if (holder === undefined && fake?.driver !== fake?.native) wrong.push(`free with ${fake?.driver}`);
    if (holder?.running === true && fake?.driver !== 'vfio-pci') wrong.push(`given with ${fake?.driver}`);
  }
  for (const { live, config, running, persistent } of domains) {
    for (const part of [...(running ? [live] : []), ...(persistent ? [config] : [])]) {
      const given = [gpu, audio].filter((address) => part.includes(address));
      if (given.length === 1) wrong.push(`half a group: ${given.join('')}`);
    }
    if (running && persistent && live.toSorted().join() !== config.toSorted().join())
      wrong.push('running domain and definition differ');
  }
  return wrong;
}

/** Runs work during which the victim dies where `killAt` of the shell says; then all come back and look. */
export async function killedDuring(
  world: IommuWorld,
  work: () => Promise<void>,
  victim: Victim,
): Promise<'killed' | 'done'> {
  let killed = false;
  world.shell.onKill = () => {
    killed = true;
    if (victim === 'process') world.freeze();
    if (victim === 'libvirtd') world.model.libvirt = false;
  };
  if (victim === 'libvirtd')
    world.shell.killAnswer = ended({ exitCode: 1, stderr: 'error: Disconnected from qemu:///system\n' });
  await Promise.race([work().catch(() => undefined), world.frozen()]);
  world.shell.killAt(-1, 'before');
  if (victim === 'process' && killed) world.boot();
  if (victim === 'libvirtd' && killed) await world.settle();
  world.model.libvirt = true;
  world.reconnect();
  await world.settle();
  return killed ? 'killed' : 'done';
}
