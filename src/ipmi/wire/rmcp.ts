import { ByteReader, ByteWriter, WireError } from '../../base/bytes.ts';

/** RMCP message classes that a BMC's port sees. IPMI 2.0 §13.1.3 */
export const rmcpClass = { asf: 0x06, ipmi: 0x07 } as const;

/** RMCP header (four bytes) and what follows it. IPMI 2.0 §13.1.3 */
export interface RmcpPacket {
  /** 0xFF: the sender wants no RMCP acknowledge; IPMI messages always have it. */
  readonly sequence: number;
  readonly messageClass: number;
  /** True for an RMCP acknowledge, which has no body. */
  readonly isAck: boolean;
  readonly body: Uint8Array;
}

const version1 = 0x06;

/** Bytes of an RMCP packet. */
export function encodeRmcp(packet: RmcpPacket): Uint8Array {
  return new ByteWriter(4 + packet.body.length)
    .u8(version1)
    .u8(0)
    .u8(packet.sequence)
    .u8((packet.isAck ? 0x80 : 0) | (packet.messageClass & 0x1f))
    .bytes(packet.body)
    .done();
}

/** Reads an RMCP packet, its body being a view of `bytes`; WireError when it is shorter than its header or of another RMCP version. */
export function decodeRmcp(bytes: Uint8Array): RmcpPacket {
  const r = new ByteReader(bytes);
  if (r.u8('rmcp.version') !== version1)
    throw new WireError('bad-value', 'rmcp.version', 'is not RMCP version 1.0');
  r.skip(1, 'rmcp.reserved');
  const sequence = r.u8('rmcp.sequence');
  const classByte = r.u8('rmcp.class');
  return {
    sequence,
    messageClass: classByte & 0x1f,
    isAck: (classByte & 0x80) !== 0,
    body: bytes.subarray(r.offset),
  };
}
