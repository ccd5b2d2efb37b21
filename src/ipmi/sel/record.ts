import { ByteReader } from '../../base/bytes.ts';

/** An event of a sensor. IPMI 2.0 §32.1, table 32-1 */
export interface SelEventRecord {
  readonly kind: 'event';
  readonly recordId: number;
  readonly timestamp: number;
  /** IPMB address or software id in 7:0, LUN in 9:8, channel in 15:12. */
  readonly generatorId: number;
  readonly sensorType: number;
  readonly sensorNumber: number;
  readonly deasserted: boolean;
  /** Event type, 7 bits. */
  readonly eventType: number;
  readonly data: readonly [number, number, number];
}

/** A record that only its maker understands: types 0xc0-0xdf have time and maker, 0xe0-0xff have neither. IPMI 2.0 §32.2, §32.3 */
export interface SelOemRecord {
  readonly kind: 'oem';
  readonly recordId: number;
  readonly recordType: number;
  readonly timestamp: number | undefined;
  /** IANA enterprise number. */
  readonly manufacturerId: number | undefined;
  /** 6 bytes, or 13 without time. */
  readonly data: Uint8Array;
}

export type SelRecord = SelEventRecord | SelOemRecord;

/** Bytes of every record. IPMI 2.0 §32 */
export const selRecordBytes = 16;

const eventRecord = 0x02;
const isTimedOem = (type: number): boolean => type >= 0xc0 && type <= 0xdf;

/** Decodes the 16 bytes of an entry; record types that the standard does not have read as OEM records. WireError when cut short. */
export function decodeSelRecord(bytes: Uint8Array): SelRecord {
  const r = new ByteReader(bytes);
  const recordId = r.u16le('sel.recordId');
  const recordType = r.u8('sel.recordType');
  if (recordType !== eventRecord) {
    const timed = isTimedOem(recordType);
    const timestamp = timed ? r.u32le('sel.timestamp') : undefined;
    const manufacturerId = timed
      ? r.u16le('sel.manufacturerId') | (r.u8('sel.manufacturerId') << 16)
      : undefined;
    return {
      kind: 'oem',
      recordId,
      recordType,
      timestamp,
      manufacturerId,
      data: r.bytes(timed ? 6 : 13, 'sel.oem'),
    };
  }
  const timestamp = r.u32le('sel.timestamp');
  const generatorId = r.u16le('sel.generatorId');
  r.skip(1, 'sel.eventRevision');
  const sensorType = r.u8('sel.sensorType');
  const sensorNumber = r.u8('sel.sensorNumber');
  const event = r.u8('sel.eventType');
  return {
    kind: 'event',
    recordId,
    timestamp,
    generatorId,
    sensorType,
    sensorNumber,
    deasserted: (event & 0x80) !== 0,
    eventType: event & 0x7f,
    data: [r.u8('sel.data1'), r.u8('sel.data2'), r.u8('sel.data3')],
  };
}
