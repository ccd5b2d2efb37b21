import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn, nothing } from '../command.ts';

/** What the SDR repository has. IPMI 2.0 §33.9, table 33-3 */
export interface GetSdrRepositoryInfoReply {
  readonly version: number;
  readonly records: number;
  /** 0xffff: unspecified; 0xfffe: this many or more. */
  readonly freeBytes: number;
  /** SEL times (seconds) of the last change: a cache of the records is good while both stay. */
  readonly addedAt: number;
  readonly erasedAt: number;
  /** Bit 7: overflow, 6:5: modal update, 3: delete, 2: partial add, 1: reserve, 0: allocation info. */
  readonly operations: number;
}

/** Get SDR Repository Info. IPMI 2.0 §33.9 */
export const getSdrRepositoryInfo: Command<undefined, GetSdrRepositoryInfoReply> = {
  name: 'Get SDR Repository Info',
  netFn: netFn.storage,
  cmd: 0x20,
  encodeRequest: nothing.encode,
  decodeRequest: nothing.decode,
  encodeReply: (reply) =>
    new ByteWriter(14)
      .u8(reply.version)
      .u16le(reply.records)
      .u16le(reply.freeBytes)
      .u32le(reply.addedAt)
      .u32le(reply.erasedAt)
      .u8(reply.operations)
      .done(),
  decodeReply(data) {
    const r = new ByteReader(data);
    return {
      version: r.u8('sdrInfo.version'),
      records: r.u16le('sdrInfo.records'),
      freeBytes: r.u16le('sdrInfo.freeBytes'),
      addedAt: r.u32le('sdrInfo.addedAt'),
      erasedAt: r.u32le('sdrInfo.erasedAt'),
      operations: r.u8('sdrInfo.operations'),
    };
  },
};
