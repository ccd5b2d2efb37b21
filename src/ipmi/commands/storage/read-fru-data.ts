import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn } from '../command.ts';

/** A part of a FRU's memory; offset and count in bytes, or in words where the FRU is accessed so. IPMI 2.0 §34.2 */
export interface ReadFruDataRequest {
  readonly fruId: number;
  readonly offset: number;
  readonly count: number;
}

/** What was read. */
export interface ReadFruDataReply {
  /** As the BMC says, in bytes or words; it may be more than there are bytes in the reply. */
  readonly count: number;
  readonly data: Uint8Array;
}

/** Read FRU Data; completion code 0x81: the FRU is busy. IPMI 2.0 §34.2 */
export const readFruData: Command<ReadFruDataRequest, ReadFruDataReply> = {
  name: 'Read FRU Data',
  netFn: netFn.storage,
  cmd: 0x11,
  encodeRequest: (request) =>
    new ByteWriter(4).u8(request.fruId).u16le(request.offset).u8(request.count).done(),
  decodeRequest(data) {
    const r = new ByteReader(data);
    return { fruId: r.u8('fru.id'), offset: r.u16le('fru.offset'), count: r.u8('fru.count') };
  },
  encodeReply: ({ count, data }) => new ByteWriter(1 + data.length).u8(count).bytes(data).done(),
  decodeReply(data) {
    const r = new ByteReader(data);
    return { count: r.u8('fru.count'), data: r.rest() };
  },
};
