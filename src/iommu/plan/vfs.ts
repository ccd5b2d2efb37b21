import type { HostNeeds, PciDevice } from '../model.ts';
import { isPresent, label, listed, sorted } from './members.ts';

/** What a wished number of virtual functions means. */
interface VfPlan {
  /** The number is another than now, so something must be written. */
  readonly changes: boolean;
  /** Why it cannot be done, each with what to do first; empty when it can. */
  readonly refusals: readonly string[];
}

/** What setting the number of virtual functions of a device means; `host` is what it shares the machine with. SR-IOV 1.1 §3.3.7 */
export function planVfs(
  device: PciDevice,
  count: number,
  host: { readonly devices: readonly PciDevice[]; readonly needs: HostNeeds },
): VfPlan {
  if (!isPresent(device))
    return refused(`the host does not report ${label(device)} any more: reconnect the host`);
  const { sriov } = device.facts;
  if (sriov === undefined || sriov.totalVfs === 0)
    return refused(
      `${label(device)} cannot have virtual functions: it has no SR-IOV, or it is switched off in firmware`,
    );
  if (!Number.isInteger(count) || count < 0 || count > sriov.totalVfs)
    return refused(`${label(device)} can have 0 to ${sriov.totalVfs} virtual functions, not ${count}`);
  if (count === sriov.numVfs) return { changes: false, refusals: [] };

  const refusals: string[] = [];
  if (device.state === 'Disabled' && count > 0)
    refusals.push(`${label(device)} is Disabled: enable it with UpdatePciDevice`);
  if (device.vmInstanceUuid !== undefined)
    refusals.push(`${label(device)} itself is given to VM ${device.vmInstanceUuid}: detach it first`);
  refusals.push(...inUse(device, host));
  if (sriov.numVfs > 0 && count > 0)
    refusals.push(
      `${label(device)} has ${sriov.numVfs} virtual functions, and the kernel changes the number only over 0: remove them first`,
    );
  return { changes: true, refusals };
}

function refused(text: string): VfPlan {
  return { changes: false, refusals: [text] };
}

/** The virtual functions that somebody has: going over 0 takes them away. */
function inUse(
  device: PciDevice,
  host: { readonly devices: readonly PciDevice[]; readonly needs: HostNeeds },
): readonly string[] {
  const vfs = host.devices
    .filter(isPresent)
    .filter((o) => o.hostUuid === device.hostUuid && o.facts.physicalFunction === device.pciDeviceAddress);
  const given = vfs.filter((vf) => vf.vmInstanceUuid !== undefined).map((vf) => vf.pciDeviceAddress);
  const needed = host.needs.netInterfaces
    .filter((need) => vfs.some((vf) => vf.facts.uses.netInterfaces.includes(need.name)))
    .map((need) => `${need.name} (${need.why})`);
  const texts: string[] = [];
  if (given.length > 0)
    texts.push(`its virtual functions ${listed(sorted(given))} are given to VMs: detach them first`);
  if (needed.length > 0)
    texts.push(
      `the host uses its virtual function ${listed(sorted(needed))}: move that to another NIC first`,
    );
  return texts;
}
