import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn } from '../command.ts';

/** Size of a FRU's memory. IPMI 2.0 §34.1, table 34-2 */
export interface GetFruInventoryAreaInfoReply {
  readonly bytes: number;
  /** Offsets and counts of reads are in words of two bytes. */
  readonly byWords: boolean;
}

/** Get FRU Inventory Area Info of a FRU device id; 0 is the machine's main board. IPMI 2.0 §34.1 */
export const getFruInventoryAreaInfo: Command<number, GetFruInventoryAreaInfoReply> = {
  name: 'Get FRU Inventory Area Info',
  netFn: netFn.storage,
  cmd: 0x10,
  encodeRequest: (fruId) => new ByteWriter(1).u8(fruId).done(),
  decodeRequest: (data) => new ByteReader(data).u8('fruInfo.fruId'),
  encodeReply: (reply) =>
    new ByteWriter(3)
      .u16le(reply.bytes)
      .u8(reply.byWords ? 0x01 : 0)
      .done(),
  decodeReply(data) {
    const r = new ByteReader(data);
    return { bytes: r.u16le('fruInfo.bytes'), byWords: (r.u8('fruInfo.access') & 0x01) !== 0 };
  },
};
