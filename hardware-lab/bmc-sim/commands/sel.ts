import { ByteReader, ByteWriter } from '../../../src/base/bytes.ts';
import { netFn } from '../../../src/ipmi/commands/command.ts';
import { clearSelCommand } from '../../../src/ipmi/commands/storage/clear-sel.ts';
import { getSelEntry } from '../../../src/ipmi/commands/storage/get-sel-entry.ts';
import { getSelInfo } from '../../../src/ipmi/commands/storage/get-sel-info.ts';
import { reserveSel as reserveSelCommand } from '../../../src/ipmi/commands/storage/reserve.ts';
import { getSelTime, setSelTime } from '../../../src/ipmi/commands/storage/sel-time.ts';
import { addSelRecord, clearSel, findSelEntry, reserveSel, selCapacity, selTime } from '../sel.ts';
import type { Turn } from '../state.ts';
import { bytesRow, type CommandRow, completion, refuse, row } from './row.ts';

const recordBytes = 16;
const wholeRecord = 0xff;
const selVersion = 0x51;
/** Reserve is supported, and allocation information; bit 7 is overflow. IPMI 2.0 §31.2 */
const operations = 0x03;
const bareTimeStamp = 0xe0;

const seconds = (ms: number): number => Math.floor(ms / 1000);

const reservationHolds = ({ bmc }: Turn, reservation: number): boolean =>
  reservation !== 0 && reservation === bmc.sel.reservation;

/** The system event log. IPMI 2.0 §31 */
export const selCommands: readonly CommandRow[] = [
  row(getSelInfo, 'user', ({ bmc }) => {
    const { entries, overflow, addedAt, erasedAt } = bmc.sel;
    return {
      version: selVersion,
      entries: entries.length,
      freeBytes: (selCapacity - entries.length) * recordBytes,
      addedAt: seconds(addedAt),
      erasedAt: seconds(erasedAt),
      overflow,
      operations,
    };
  }),
  bytesRow(netFn.storage, 0x41, 'user', ({ bmc }) => {
    const free = selCapacity - bmc.sel.entries.length;
    return new ByteWriter(9).u16le(selCapacity).u16le(recordBytes).u16le(free).u16le(free).u8(1).done();
  }),
  row(reserveSelCommand, 'user', ({ bmc }) => {
    bmc.sel = reserveSel(bmc.sel);
    return bmc.sel.reservation;
  }),
  row(getSelEntry, 'user', (turn, { reservation, recordId, offset, count }) => {
    // A part of a record needs a reservation, so that it is a part of the same record as the last one. IPMI 2.0 §31.4.1
    if (offset !== 0 && !reservationHolds(turn, reservation)) return refuse(completion.reservationCancelled);
    const found = findSelEntry(turn.bmc.sel, recordId);
    if (found === undefined) return refuse(completion.notPresent);
    if (offset >= recordBytes) return refuse(completion.outOfRange);
    const end = count === wholeRecord ? recordBytes : offset + count;
    return { nextId: found.nextId, data: found.entry.bytes.slice(offset, end) };
  }),
  bytesRow(netFn.storage, 0x44, 'operator', ({ bmc, now }, data) => {
    const r = new ByteReader(data);
    r.skip(2, 'sel.recordId');
    const type = r.u8('sel.type');
    const given = r.bytes(13, 'sel.record');
    const stamped = new ByteWriter(14).u8(type);
    // Types from 0xE0 on have no time stamp; to all others the BMC gives its own. IPMI 2.0 §31.6
    if (type < bareTimeStamp) stamped.u32le(selTime(bmc.sel, now)).bytes(given.slice(4));
    else stamped.bytes(given);
    const [next, recordId] = addSelRecord(bmc.sel, stamped.done(), now);
    bmc.sel = next;
    return recordId === undefined ? refuse(completion.outOfSpace) : new ByteWriter(2).u16le(recordId).done();
  }),
  bytesRow(netFn.storage, 0x46, 'operator', (turn, data) => {
    const { bmc, now } = turn;
    const r = new ByteReader(data);
    if (!reservationHolds(turn, r.u16le('sel.reservation'))) return refuse(completion.reservationCancelled);
    const found = findSelEntry(bmc.sel, r.u16le('sel.recordId'));
    if (found === undefined) return refuse(completion.notPresent);
    const entries = bmc.sel.entries.filter((one) => one !== found.entry);
    bmc.sel = { ...bmc.sel, entries, reservation: 0, erasedAt: now };
    return new ByteWriter(2).u16le(found.entry.recordId).done();
  }),
  row(clearSelCommand, 'operator', (turn, { reservation, action }) => {
    if (!reservationHolds(turn, reservation)) return refuse(completion.reservationCancelled);
    // The reservation lives on, so that the console can ask whether the erasure is done.
    if (action === 'start') turn.bmc.sel = { ...clearSel(turn.bmc.sel, turn.now), reservation };
    return 'done';
  }),
  row(getSelTime, 'user', ({ bmc, now }) => selTime(bmc.sel, now)),
  row(setSelTime, 'operator', ({ bmc, now }, wish) => {
    bmc.sel = { ...bmc.sel, clockOffset: wish - seconds(now) };
    return undefined;
  }),
];
