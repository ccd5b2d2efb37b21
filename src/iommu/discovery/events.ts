import type { Uuid } from '../../base/uuid.ts';
import type { PciAssignment, PciDevice } from '../model.ts';

/** What a look found changed that nobody asked Rackwright for. `device` is the row as it is now. */
export type PciEvent =
  | { readonly kind: 'appeared' | 'gone' | 'returned'; readonly device: PciDevice }
  | { readonly kind: 'moved'; readonly device: PciDevice; readonly from: string }
  | {
      readonly kind: 'attached-outside' | 'detached-outside';
      readonly device: PciDevice;
      readonly vmInstanceUuid: Uuid;
    }
  | { readonly kind: 'driver-changed'; readonly device: PciDevice; readonly from: string | undefined };

/** The events of one row's change. What an assignment explains is none. */
export function eventsOf(
  before: PciDevice | undefined,
  device: PciDevice,
  assignment: PciAssignment | undefined,
): readonly PciEvent[] {
  if (before === undefined) {
    return [{ kind: 'appeared', device }, ...attachment(undefined, device, assignment)];
  }
  if (device.status === 'Inactive') return before.status === 'Inactive' ? [] : [{ kind: 'gone', device }];
  const events: PciEvent[] = [];
  if (before.status === 'Inactive') events.push({ kind: 'returned', device });
  if (before.pciDeviceAddress !== device.pciDeviceAddress) {
    events.push({ kind: 'moved', device, from: before.pciDeviceAddress });
  }
  events.push(...attachment(before.vmInstanceUuid, device, assignment));
  const from = before.facts?.driver;
  const isExplained =
    assignment !== undefined || device.status === 'Attached' || before.status === 'Attached';
  if (before.facts !== undefined && from !== device.facts?.driver && !isExplained) {
    events.push({ kind: 'driver-changed', device, from });
  }
  return events;
}

function attachment(
  before: Uuid | undefined,
  device: PciDevice,
  assignment: PciAssignment | undefined,
): readonly PciEvent[] {
  const after = device.vmInstanceUuid;
  const events: PciEvent[] = [];
  if (before === after) return events;
  // An assignment says whose it is to be; only what it does not say is from outside.
  const meant = assignment?.phase === 'detaching' ? undefined : assignment?.vmInstanceUuid;
  if (before !== undefined && assignment?.phase !== 'detaching') {
    events.push({ kind: 'detached-outside', device, vmInstanceUuid: before });
  }
  if (after !== undefined && after !== meant) {
    events.push({ kind: 'attached-outside', device, vmInstanceUuid: after });
  }
  return events;
}
