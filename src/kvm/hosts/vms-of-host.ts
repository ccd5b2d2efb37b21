import { KvmError } from '../errors.ts';
import type { Host, VmInstance } from '../model.ts';

const atRest = new Set<VmInstance['state']>(['Created', 'Stopped', 'Destroyed', 'Crashed']);

const namesOf = (vms: readonly VmInstance[]): string =>
  vms
    .slice(0, 10)
    .map(({ name }) => `"${name}"`)
    .join(', ') + (vms.length > 10 ? ` and ${vms.length - 10} more` : '');

/** Throws KvmError `refused` when VMs run on the host. */
export function refuseWhileVmsRun(host: Pick<Host, 'name'>, vms: readonly VmInstance[]): void {
  const running = vms.filter((vm) => vm.hostUuid !== undefined && !atRest.has(vm.state));
  if (running.length === 0) return;
  throw new KvmError(
    'refused',
    `host "${host.name}" runs VMs: ${namesOf(running)}; stop them first, nothing is moved or stopped unasked`,
    { data: { vms: running.map(({ uuid }) => uuid) } },
  );
}

/** Throws KvmError `refused` when devices of the host are given to VMs: without us nobody would give them back. */
export function refuseWhileDevicesAreGiven(host: Pick<Host, 'name'>, vms: readonly VmInstance[]): void {
  const holding = vms.filter(({ domain }) => {
    if (!domain) return false;
    const { pciAddresses, usbDevices } = domain;
    return pciAddresses.config.length + pciAddresses.live.length + usbDevices.length > 0;
  });
  if (holding.length === 0) return;
  throw new KvmError(
    'refused',
    `VMs have PCI or USB devices of host "${host.name}": ${namesOf(holding)}; detach the devices first`,
    { data: { vms: holding.map(({ uuid }) => uuid) } },
  );
}
