import { ByteReader } from '../../src/base/bytes.ts';

/** Serial output as it comes: where its first byte is in the record, and the bytes. */
export interface OutputFrame {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** A binary frame of the console's WebSocket; see src/console/protocol.ts. Throws WireError when it has no offset. */
export function decodeOutput(frame: Uint8Array): OutputFrame {
  const reader = new ByteReader(frame);
  const high = reader.u32be('output.offset');
  const low = reader.u32be('output.offset');
  return { offset: high * 2 ** 32 + low, bytes: reader.bytes(reader.remaining, 'output.bytes') };
}
