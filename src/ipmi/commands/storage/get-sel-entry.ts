import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn } from '../command.ts';

/** Record id of the first entry, and of the last; as the next id the latter says that there is none. IPMI 2.0 §31.5 */
export const selId = { first: 0x0000, last: 0xffff } as const;

/** A part of a record; whole records need no reservation. IPMI 2.0 §31.5 */
export interface GetRecordRequest {
  /** 0: none. */
  readonly reservation: number;
  readonly recordId: number;
  readonly offset: number;
  /** 0xff: the whole record. */
  readonly count: number;
}

/** Bytes of a record and the id of the one after it. */
export interface GetRecordReply {
  readonly nextId: number;
  readonly data: Uint8Array;
}

/** A command that reads parts of records: SEL entries and sensor records share it. IPMI 2.0 §31.5, §33.12, §35.3 */
export const getRecord = (
  name: string,
  fn: number,
  cmd: number,
): Command<GetRecordRequest, GetRecordReply> => ({
  name,
  netFn: fn,
  cmd,
  encodeRequest: (request) =>
    new ByteWriter(6)
      .u16le(request.reservation)
      .u16le(request.recordId)
      .u8(request.offset)
      .u8(request.count)
      .done(),
  decodeRequest(data) {
    const r = new ByteReader(data);
    return {
      reservation: r.u16le('record.reservation'),
      recordId: r.u16le('record.id'),
      offset: r.u8('record.offset'),
      count: r.u8('record.count'),
    };
  },
  encodeReply: ({ nextId, data }) => new ByteWriter(2 + data.length).u16le(nextId).bytes(data).done(),
  decodeReply(data) {
    const r = new ByteReader(data);
    return { nextId: r.u16le('record.nextId'), data: r.rest() };
  },
});

/** Get SEL Entry. IPMI 2.0 §31.5 */
export const getSelEntry = getRecord('Get SEL Entry', netFn.storage, 0x43);
