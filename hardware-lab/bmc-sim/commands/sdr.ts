import { ByteWriter } from '../../../src/base/bytes.ts';
import { netFn } from '../../../src/ipmi/commands/command.ts';
import { getSdr } from '../../../src/ipmi/commands/storage/get-sdr.ts';
import { getSdrRepositoryInfo } from '../../../src/ipmi/commands/storage/get-sdr-repository-info.ts';
import { reserveSdrRepository } from '../../../src/ipmi/commands/storage/reserve.ts';
import { sdrRecords } from '../sdr.ts';
import { bytesRow, type CommandRow, completion, refuse, row } from './row.ts';

const sdrVersion = 0x51;
/** Modal and non-modal update, reserve supported. IPMI 2.0 §33.9 */
const operations = 0x22;
const wholeRecord = 0xff;
/** As on BMCs whose system interface has a small buffer: who asks for more gets 0xCA and has to ask for parts. */
const mostBytes = 128;

/** The sensor data record repository. IPMI 2.0 §33 */
export const sdrCommands: readonly CommandRow[] = [
  row(getSdrRepositoryInfo, 'user', () => ({
    version: sdrVersion,
    records: sdrRecords.length,
    freeBytes: 0,
    addedAt: 0,
    erasedAt: 0,
    operations,
  })),
  bytesRow(netFn.storage, 0x21, 'user', () =>
    new ByteWriter(9).u16le(0).u16le(0).u16le(0).u16le(0).u8(0).done(),
  ),
  row(reserveSdrRepository, 'user', ({ bmc }) => {
    bmc.sdrReservation = (bmc.sdrReservation % 0xffff) + 1;
    return bmc.sdrReservation;
  }),
  row(getSdr, 'user', ({ bmc }, { reservation, recordId, offset, count }) => {
    if (offset !== 0 && (reservation === 0 || reservation !== bmc.sdrReservation))
      return refuse(completion.reservationCancelled);
    const index = recordId === 0xffff ? sdrRecords.length - 1 : recordId === 0 ? 0 : recordId - 1;
    const record = sdrRecords[index];
    if (record === undefined) return refuse(completion.notPresent);
    if (offset >= record.length) return refuse(completion.outOfRange);
    if (count !== wholeRecord && count > mostBytes) return refuse(completion.tooManyBytes);
    const nextId = index + 1 < sdrRecords.length ? index + 2 : 0xffff;
    return { nextId, data: record.slice(offset, count === wholeRecord ? record.length : offset + count) };
  }),
  bytesRow(netFn.storage, 0x28, 'user', ({ bmc, now }) =>
    new ByteWriter(4).u32le(Math.floor(now / 1000) + bmc.sel.clockOffset).done(),
  ),
];
