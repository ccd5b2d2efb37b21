import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn, nothing } from '../command.ts';

/** What the system event log has. Times are SEL times (seconds). IPMI 2.0 §31.2, table 31-2 */
export interface GetSelInfoReply {
  /** 0x51: version 1.5 as of IPMI 1.5 and 2.0. */
  readonly version: number;
  readonly entries: number;
  /** 0xffff: this many or more. */
  readonly freeBytes: number;
  readonly addedAt: number;
  readonly erasedAt: number;
  /** Events were dropped as the log was full. */
  readonly overflow: boolean;
  /** Bit 3: delete, 2: partial add, 1: reserve, 0: allocation info. */
  readonly operations: number;
}

/** Get SEL Info. IPMI 2.0 §31.2 */
export const getSelInfo: Command<undefined, GetSelInfoReply> = {
  name: 'Get SEL Info',
  netFn: netFn.storage,
  cmd: 0x40,
  encodeRequest: nothing.encode,
  decodeRequest: nothing.decode,
  encodeReply: (reply) =>
    new ByteWriter(14)
      .u8(reply.version)
      .u16le(reply.entries)
      .u16le(reply.freeBytes)
      .u32le(reply.addedAt)
      .u32le(reply.erasedAt)
      .u8((reply.overflow ? 0x80 : 0) | (reply.operations & 0x0f))
      .done(),
  decodeReply(data) {
    const r = new ByteReader(data);
    const version = r.u8('selInfo.version');
    const entries = r.u16le('selInfo.entries');
    const freeBytes = r.u16le('selInfo.freeBytes');
    const addedAt = r.u32le('selInfo.addedAt');
    const erasedAt = r.u32le('selInfo.erasedAt');
    const operations = r.u8('selInfo.operations');
    return {
      version,
      entries,
      freeBytes,
      addedAt,
      erasedAt,
      overflow: (operations & 0x80) !== 0,
      operations: operations & 0x0f,
    };
  },
};
