import type { Uuid } from '../../base/uuid.ts';
import type { UsbDevice } from '../model.ts';
import type { UsbFacts } from '../parse/usb.ts';

/** Devices that nobody was given and that were not seen for so long are forgotten. */
const forgetMs = 30 * 24 * 3600_000;

/** What one look changes. */
export interface UsbChange {
  readonly saved: readonly UsbDevice[];
  readonly gone: readonly Uuid[];
  /** Given to a VM and pulled out, as they were. */
  readonly unplugged: readonly UsbDevice[];
  /** Given to a VM and there again, or there under another number. */
  readonly replugged: readonly { readonly before: UsbDevice; readonly now: UsbDevice }[];
}

const kindOf = (one: UsbFacts): string => `${one.vendorId}:${one.productId}:${one.serial ?? ''}`;
const placeOf = (one: UsbFacts): string => `${kindOf(one)} ${one.portPath}`;

/** Serials that tell one device of these from all others; cheap devices all have the same one. */
function uniqueSerials(devices: readonly UsbFacts[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const one of devices) {
    if (one.serial !== undefined) counts.set(kindOf(one), (counts.get(kindOf(one)) ?? 0) + 1);
  }
  return counts;
}

/** Which row each seen device is: the one of its port, else, for a serial that only it has, the one of its serial. */
function match(rows: readonly UsbDevice[], seen: readonly UsbFacts[]): ReadonlyMap<UsbFacts, UsbDevice> {
  const found = new Map<UsbFacts, UsbDevice>();
  const byPlace = new Map(rows.map((row) => [placeOf(row), row]));
  for (const facts of seen) {
    const row = byPlace.get(placeOf(facts));
    if (row !== undefined && byPlace.delete(placeOf(facts))) found.set(facts, row);
  }
  const [rowCounts, seenCounts] = [uniqueSerials(rows), uniqueSerials(seen)];
  const bySerial = new Map([...byPlace.values()].map((row) => [kindOf(row), row]));
  for (const facts of seen) {
    const kind = kindOf(facts);
    const row = found.has(facts) ? undefined : bySerial.get(kind);
    if (row !== undefined && rowCounts.get(kind) === 1 && seenCounts.get(kind) === 1) found.set(facts, row);
  }
  return found;
}

function differs(row: UsbDevice, next: UsbDevice): boolean {
  return (Object.keys(next) as (keyof UsbDevice)[]).some((key) => row[key] !== next[key]);
}

/**
 * Makes the rows of a host agree with the devices that it has. A device is told by port, ids and serial. A wish for a VM that is not
 * in `vms` any more is dropped.
 */
export function reconcileUsb(
  rows: readonly UsbDevice[],
  seen: readonly UsbFacts[],
  look: {
    readonly hostUuid: Uuid;
    readonly now: number;
    readonly vms: ReadonlySet<Uuid>;
    readonly newUuid: () => Uuid;
  },
): UsbChange {
  const { hostUuid, now, vms } = look;
  const matched = match(rows, seen);
  const present = new Set(matched.values());
  const wishOf = ({ vmInstanceUuid }: UsbDevice): Uuid | undefined =>
    vmInstanceUuid !== undefined && vms.has(vmInstanceUuid) ? vmInstanceUuid : undefined;

  const known = [...matched].map(([facts, before]) => ({
    before,
    after: { ...before, ...facts, status: 'Present' as const, vmInstanceUuid: wishOf(before) },
  }));
  const missing = rows
    .filter((row) => !present.has(row))
    .map((before) => ({
      before,
      after: { ...before, status: 'Absent' as const, vmInstanceUuid: wishOf(before) },
    }));
  const forgotten = missing.filter(
    ({ before, after }) =>
      before.status === 'Absent' &&
      after.vmInstanceUuid === undefined &&
      after.state === 'Enabled' &&
      now - before.lastOpDate > forgetMs,
  );
  const created = seen
    .filter((facts) => !matched.has(facts))
    .map(
      (facts): UsbDevice => ({
        uuid: look.newUuid(),
        hostUuid,
        ...facts,
        state: 'Enabled',
        status: 'Present',
        vmInstanceUuid: undefined,
        createDate: now,
        lastOpDate: now,
      }),
    );
  const changed = [...known, ...missing].filter(
    (one) => differs(one.before, one.after) && !forgotten.some(({ before }) => before === one.before),
  );
  return {
    saved: [...created, ...changed.map(({ after }) => ({ ...after, lastOpDate: now }))],
    gone: forgotten.map(({ before }) => before.uuid),
    unplugged: missing
      .filter(({ before, after }) => before.status === 'Present' && after.vmInstanceUuid !== undefined)
      .map(({ before }) => before),
    replugged: known
      .filter(({ before, after }) => after.vmInstanceUuid !== undefined && isReplugged(before, after))
      .map(({ before, after }) => ({ before, now: after })),
  };
}

function isReplugged(before: UsbDevice, after: UsbDevice): boolean {
  return before.status === 'Absent' || before.busNum !== after.busNum || before.devNum !== after.devNum;
}
