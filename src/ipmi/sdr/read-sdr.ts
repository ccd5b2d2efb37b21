import { ByteReader, WireError } from '../../base/bytes.ts';
import { messageOf } from '../../base/errors.ts';
import { getDeviceId } from '../commands/app/get-device-id.ts';
import type { Command } from '../commands/command.ts';
import { getDeviceSdrInfo } from '../commands/sensor/get-device-sdr-info.ts';
import { getDeviceSdr, getSdr } from '../commands/storage/get-sdr.ts';
import { type GetRecordReply, type GetRecordRequest, selId } from '../commands/storage/get-sel-entry.ts';
import { reserveDeviceSdr, reserveSdrRepository } from '../commands/storage/reserve.ts';
import { type Execute, readReply } from '../execute.ts';
import { limitCommands } from './limit-commands.ts';
import { completion, completionCodeOf, newPieceSize, type PieceSize, readPieces } from './read-pieces.ts';
import { decodeSdr, decodeSdrHeader, sdrHeaderBytes, type SdrRecord } from './record.ts';
import { reservedBy } from './reservation.ts';

/** The records of a machine; `problems` tell in words what could not be read. */
export interface SdrReading {
  readonly records: readonly SdrRecord[];
  readonly problems: readonly string[];
}

/** More records than any board has: the end of a list that does not end. */
const maxRecords = 2048;
/** A record takes two or three reads, or eight of a board that gives eight bytes at once. */
const maxCommands = 8 * maxRecords;

/** Device support bit of Get Device ID: has an SDR repository. IPMI 2.0 §20.1 */
const hasRepository = 0x02;
/** Device revision bit of Get Device ID: has records about its own sensors. IPMI 2.0 §20.1 */
const hasDeviceSdrs = 0x80;

/** Where records are read from: the repository, or the device SDRs of a unit (LUN). */
interface Source {
  readonly get: Command<GetRecordRequest, GetRecordReply>;
  readonly reserve: Command<undefined, number>;
  readonly lun: number;
}

/**
 * Reads all sensor data records, from the SDR repository or, where that has none, from the BMC's own device SDRs. A record that is malformed
 * or refused becomes a problem; lost reservations are renewed; the number of reads is bounded. Rejects with IpmiError.
 * IPMI 2.0 §33.12, §35.3
 */
export async function readSdr(unlimited: Execute): Promise<SdrReading> {
  const execute = limitCommands(unlimited, maxCommands, 'the list of sensor records');
  const { additionalSupport, deviceRevision } = await execute(getDeviceId, undefined);
  const size = newPieceSize();
  const records: SdrRecord[] = [];
  const problems: string[] = [];
  const readFrom = async (source: Source): Promise<void> => {
    const found = await readSource(execute, source, size);
    records.push(...found.records);
    problems.push(...found.problems);
  };

  if ((additionalSupport & hasRepository) !== 0)
    await readFrom({ get: getSdr, reserve: reserveSdrRepository, lun: 0 });
  if (records.length > 0 || (deviceRevision & hasDeviceSdrs) === 0) return { records, problems };

  const { luns } = await execute(getDeviceSdrInfo, 'sensors');
  for (const lun of [0, 1, 2, 3].filter((one) => (luns & (1 << one)) !== 0))
    await readFrom({ get: getDeviceSdr, reserve: reserveDeviceSdr, lun });
  return { records, problems };
}

async function readSource(execute: Execute, source: Source, size: PieceSize): Promise<SdrReading> {
  const reserved = reservedBy(execute, source.reserve, source.lun);
  const records: SdrRecord[] = [];
  const problems: string[] = [];
  const seen = new Set<number>();
  for (let id: number = selId.first; id !== selId.last; ) {
    if (seen.has(id) || seen.size >= maxRecords) {
      problems.push(`the list of sensor records does not end (at record ${id})`);
      break;
    }
    seen.add(id);
    const record = await reserved((reservation) => readRecord(execute, source, reservation, id, size)).catch(
      (error: unknown) => {
        const code = completionCodeOf(error);
        if (code === undefined) throw error;
        // An empty repository answers its first read with "no such record".
        if (code !== completion.notPresent || id !== selId.first)
          problems.push(`sensor records from ${id} on cannot be read: ${messageOf(error)}`);
        return undefined;
      },
    );
    if (record === undefined) break;
    try {
      if (record.bytes === undefined) problems.push(`sensor record ${id} cannot be read`);
      else records.push(...decodeSdr(record.bytes));
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      problems.push(`sensor record ${id} is malformed (${error.message})`);
    }
    id = record.nextId;
  }
  return { records, problems };
}

/** A record's bytes, undefined where the BMC tells its header and refuses its body. */
async function readRecord(
  execute: Execute,
  { get, lun }: Source,
  reservation: number,
  recordId: number,
  size: PieceSize,
): Promise<{ readonly nextId: number; readonly bytes: Uint8Array | undefined }> {
  const read = (id: number, offset: number, count: number): Promise<GetRecordReply> =>
    execute(get, { reservation, recordId: id, offset, count }, { lun });
  // The header alone first: boards refuse reads beyond a record's end, and its length is in the header.
  const { nextId, data } = await read(recordId, 0, sdrHeaderBytes);
  const header = readReply(get.name, (bytes) => decodeSdrHeader(new ByteReader(bytes)), data);
  const { bodyBytes } = header;
  // Some boards know the first record as "the first" only while its header is read; others write wrong ids into later headers.
  const id = recordId === selId.first ? header.recordId : recordId;
  const body = await readPieces(
    async (offset, count) => (await read(id, offset, count)).data,
    sdrHeaderBytes,
    bodyBytes,
    size,
  ).catch((error: unknown) => {
    const code = completionCodeOf(error);
    if (code === undefined || code === completion.reservationLost) throw error;
    return undefined;
  });
  if (body === undefined) return { nextId, bytes: undefined };
  const bytes = new Uint8Array(sdrHeaderBytes + bodyBytes);
  bytes.set(data.subarray(0, sdrHeaderBytes));
  bytes.set(body, sdrHeaderBytes);
  return { nextId, bytes };
}
