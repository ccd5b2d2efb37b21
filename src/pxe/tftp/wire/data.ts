import { ByteWriter } from '../../../base/bytes.ts';

/** Puts packets that lie behind one another in memory together: each of the answer is one or more whole packets. */
export function joinPackets(packets: readonly Uint8Array[]): readonly Uint8Array[] {
  const joined: Uint8Array[] = [];
  for (const packet of packets) {
    const last = joined.at(-1);
    if (last?.buffer === packet.buffer && last.byteOffset + last.length === packet.byteOffset)
      joined[joined.length - 1] = new Uint8Array(packet.buffer, last.byteOffset, last.length + packet.length);
    else joined.push(packet);
  }
  return joined;
}

/** Opcode and block number. RFC 1350 §5 */
export const dataHeaderBytes = 4;

/**
 * Makes the DATA packets of one transfer in memory that is used again: the packet of a block stays as it is until the block `slots` further on
 * is asked for. The last block, which is short and maybe empty, gets memory of its own, so that a packet that still waits in a socket never
 * grows. `block` is an absolute number, from 1; on the wire it rolls over to 0 after 65,535: no RFC says so, all clients in use do it.
 * RFC 1350 §5
 */
export function createDataEncoder(
  content: Uint8Array,
  blockSize: number,
  slots: number,
): (block: number) => Uint8Array {
  const usable = Math.min(slots, Math.floor(content.length / blockSize));
  const slotBytes = dataHeaderBytes + blockSize;
  const memory = new Uint8Array(usable * slotBytes);
  const packets = Array.from({ length: usable }, (_, slot) =>
    memory.subarray(slot * slotBytes, (slot + 1) * slotBytes),
  );
  /** The block that is in each slot. */
  const held = packets.map(() => 0);
  return (block) => {
    const begin = (block - 1) * blockSize;
    const slot = (block - 1) % usable;
    const whole = begin + blockSize <= content.length ? packets[slot] : undefined;
    if (whole !== undefined && held[slot] === block) return whole;
    const data = content.subarray(begin, begin + blockSize);
    const packet = whole ?? new Uint8Array(dataHeaderBytes + data.length);
    new ByteWriter(packet).u16be(3).u16be(block).bytes(data);
    if (whole !== undefined) held[slot] = block;
    return packet;
  };
}
