import { ByteReader, ByteWriter, WireError } from '../../../base/bytes.ts';

/** What libvirt's RPC carries. libvirt src/rpc/virnetprotocol.x */
export const packetTypes = { call: 0, reply: 1, event: 2, stream: 3 } as const;
export const packetStatus = { ok: 0, error: 1, continue: 2 } as const;

/** One packet of libvirt's RPC; numbers outside the closed sets stay numbers, for later daemons have more. */
export interface Packet {
  readonly procedure: number;
  readonly type: number;
  readonly serial: number;
  readonly status: number;
  readonly payload: Uint8Array;
}

/** The daemons' main program and its version. libvirt src/remote/remote_protocol.x */
const program = { number: 0x20008086, version: 1 } as const;

const headerBytes = 28;
/** A daemon sends a console's output in pieces of at most 256 KiB. */
const maxPacketBytes = 1024 * 1024;

/** One packet with its length. */
export function encodePacket({ procedure, type, serial, status, payload }: Packet): Uint8Array {
  return new ByteWriter(headerBytes + payload.length)
    .u32be(headerBytes + payload.length)
    .u32be(program.number)
    .u32be(program.version)
    .u32be(procedure)
    .u32be(type)
    .u32be(serial)
    .u32be(status)
    .bytes(payload)
    .done();
}

/** A packet without its length; undefined for one of another program (keep-alive). Throws WireError. */
export function decodePacket(bytes: Uint8Array): Packet | undefined {
  const r = new ByteReader(bytes);
  const number = r.u32be('packet.program');
  const version = r.u32be('packet.version');
  const procedure = r.u32be('packet.procedure');
  const type = r.u32be('packet.type');
  const serial = r.u32be('packet.serial');
  const status = r.u32be('packet.status');
  if (number !== program.number) return undefined;
  if (version !== program.version) throw new WireError('bad-value', 'packet.version', `is ${version}`);
  return { procedure, type, serial, status, payload: r.rest() };
}

/** The first packet of what came, and how many bytes it took; undefined while it is not complete. Throws WireError. */
export function takePacket(
  bytes: Uint8Array,
): { readonly packet: Packet | undefined; readonly length: number } | undefined {
  if (bytes.length < 4) return undefined;
  const length = new ByteReader(bytes).u32be('packet.length');
  if (length < headerBytes || length > maxPacketBytes) {
    throw new WireError('bad-value', 'packet.length', `is ${length}`);
  }
  if (bytes.length < length) return undefined;
  return { packet: decodePacket(bytes.subarray(4, length)), length };
}
