import type { Uuid } from '../../base/uuid.ts';
import type { HostPci, PciAssignment, PciDevice, PciFacts } from '../model.ts';
import { isBoardPart } from './classify.ts';

/** Which VM has a host's function: in its persistent definition, in the running domain, or in both. */
export interface VmUse {
  readonly vmInstanceUuid: Uuid;
  readonly config: boolean;
  readonly live: boolean;
}

/** What VMs say of addresses, and what is meant with devices. */
export interface Claims {
  readonly vmsByAddress: ReadonlyMap<string, readonly VmUse[]>;
  readonly assignments: ReadonlyMap<Uuid, PciAssignment>;
}

/**
 * Addresses of functions that the host cannot spare: parts of the board, and what carries its mounted disks, its management interfaces
 * or its console; with the physical function of a virtual one that it needs.
 */
export function systemAddresses({ devices, needs }: HostPci): ReadonlySet<string> {
  const disks = new Set(needs.disks.map(({ device }) => device.replace(/^\/dev\//, '')));
  const interfaces = new Set(needs.netInterfaces.map(({ name }) => name));
  const isNeeded = (facts: PciFacts): boolean =>
    facts.uses.blockDevices.some((name) => disks.has(name)) ||
    facts.uses.netInterfaces.some((name) => interfaces.has(name)) ||
    (facts.bootVga && needs.consoleOnVga);
  const addresses = new Set<string>();
  for (const facts of devices) {
    const needed = isNeeded(facts);
    if (needed || isBoardPart(facts)) addresses.add(facts.address);
    if (needed && facts.physicalFunction !== undefined) addresses.add(facts.physicalFunction);
  }
  return addresses;
}

/**
 * The VM that has a device. A running one counts before one that only has it in its definition, and among equals the one that had it.
 * After a renumbering a definition still has the old address: that claim goes with the device that was given to it, not with the
 * stranger that now has the address.
 */
export function vmOf(
  device: { readonly uuid: Uuid; readonly address: string; readonly stored: PciDevice | undefined },
  claims: Claims,
  moved: ReadonlyMap<string, Uuid>,
): Uuid | undefined {
  const { address, stored, uuid } = device;
  const assigned = claims.assignments.get(uuid);
  const usesAt = (place: string, owner: boolean): readonly VmUse[] =>
    (claims.vmsByAddress.get(place) ?? []).filter((use) => {
      const movedUuid = moved.get(place);
      const mover = movedUuid === undefined ? undefined : claims.assignments.get(movedUuid);
      const isOfMover = !use.live && mover?.vmInstanceUuid === use.vmInstanceUuid;
      return owner ? isOfMover : !isOfMover;
    });
  const here = usesAt(address, false);
  const before =
    stored !== undefined && stored.pciDeviceAddress !== address && moved.get(stored.pciDeviceAddress) === uuid
      ? usesAt(stored.pciDeviceAddress, true)
      : [];
  const known = assigned?.vmInstanceUuid ?? stored?.vmInstanceUuid;
  const rank = (use: VmUse): number => (use.live ? 0 : 2) + (use.vmInstanceUuid === known ? 0 : 1);
  const [first] = [...here, ...before].sort(
    (a, b) => rank(a) - rank(b) || (a.vmInstanceUuid < b.vmInstanceUuid ? -1 : 1),
  );
  return first?.vmInstanceUuid;
}
