import { ByteWriter } from '../../src/base/bytes.ts';

/** A record without its id: record type and 13 bytes behind it. IPMI 2.0 §32.1 */
export interface SelEntry {
  readonly recordId: number;
  /** 16 bytes as Get SEL Entry sends them. */
  readonly bytes: Uint8Array;
}

/** System event log. Record ids count up and start anew after a clear. IPMI 2.0 §31 */
export interface Sel {
  readonly entries: readonly SelEntry[];
  readonly nextId: number;
  /** 0: none taken. Cancelled by a new entry or a clear. IPMI 2.0 §31.4 */
  readonly reservation: number;
  readonly lastReservation: number;
  readonly overflow: boolean;
  /** Milliseconds since the epoch. */
  readonly addedAt: number;
  readonly erasedAt: number;
  /** Seconds that Set SEL Time moved the clock by. */
  readonly clockOffset: number;
}

/** Entries that fit; few, so that overflow can be had. */
export const selCapacity = 512;

/** An event of a sensor, in the fields of a system event record. IPMI 2.0 §32.1, table 32-1 */
export interface SelEvent {
  readonly sensorType: number;
  readonly sensorNumber: number;
  /** Bit 7: deassertion; 6:0: event type. */
  readonly eventType: number;
  readonly data: readonly [number, number, number];
}

export const emptySel: Sel = {
  entries: [],
  nextId: 1,
  reservation: 0,
  lastReservation: 0,
  overflow: false,
  addedAt: 0,
  erasedAt: 0,
  clockOffset: 0,
};

const systemEvent = 0x02;
const bmcGenerator = 0x0020;
const eventRevision = 0x04;

/** SEL time (seconds) of a moment. IPMI 2.0 §37 */
export const selTime = (sel: Sel, now: number): number => (Math.floor(now / 1000) + sel.clockOffset) >>> 0;

/** Appends what follows the record id: 14 bytes, time stamp included. A full log drops the entry and says overflow. */
export function addSelRecord(sel: Sel, afterId: Uint8Array, now: number): readonly [Sel, number | undefined] {
  if (sel.entries.length >= selCapacity) return [{ ...sel, overflow: true }, undefined];
  const recordId = sel.nextId;
  const bytes = new ByteWriter(16).u16le(recordId).bytes(afterId).done();
  const entries = [...sel.entries, { recordId, bytes }];
  return [{ ...sel, entries, nextId: recordId + 1, reservation: 0, addedAt: now }, recordId];
}

/** Appends an event of a sensor of this BMC. */
export function addSelEvent(sel: Sel, event: SelEvent, at: number): Sel {
  const record = new ByteWriter(14)
    .u8(systemEvent)
    .u32le(selTime(sel, at))
    .u16le(bmcGenerator)
    .u8(eventRevision)
    .u8(event.sensorType)
    .u8(event.sensorNumber)
    .u8(event.eventType)
    .bytes(Uint8Array.from(event.data))
    .done();
  return addSelRecord(sel, record, at)[0];
}

/** A new reservation; ids are never 0. */
export function reserveSel(sel: Sel): Sel {
  const reservation = (sel.lastReservation % 0xffff) + 1;
  return { ...sel, reservation, lastReservation: reservation };
}

/** Removes everything. IPMI 2.0 §31.9 */
export function clearSel(sel: Sel, now: number): Sel {
  const { lastReservation, clockOffset, addedAt } = sel;
  return { ...emptySel, lastReservation, clockOffset, addedAt, erasedAt: now };
}

/** The entry that a record id means: 0 the first, 0xFFFF the last; with the id after it, 0xFFFF at the end. IPMI 2.0 §31.5 */
export function findSelEntry(
  sel: Sel,
  recordId: number,
): { readonly entry: SelEntry; readonly nextId: number } | undefined {
  const { entries } = sel;
  const index =
    recordId === 0
      ? 0
      : recordId === 0xffff
        ? entries.length - 1
        : entries.findIndex((one) => one.recordId === recordId);
  const entry = entries[index];
  return entry && { entry, nextId: entries[index + 1]?.recordId ?? 0xffff };
}
