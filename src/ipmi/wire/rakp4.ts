import { ByteReader, ByteWriter } from '../../base/bytes.ts';

/** RAKP message 4: the BMC's proof that it made the same session key. IPMI 2.0 §13.23 */
export type Rakp4 =
  | {
      readonly kind: 'accepted';
      readonly tag: number;
      readonly consoleSessionId: number;
      /** Integrity check value, 12 bytes with HMAC-SHA1-96. */
      readonly icv: Uint8Array;
    }
  | {
      readonly kind: 'refused';
      readonly tag: number;
      readonly status: number;
      readonly consoleSessionId: number;
    };

/** Bytes of the message; a refusal has no integrity check value. */
export function encodeRakp4(message: Rakp4): Uint8Array {
  const w = new ByteWriter(20)
    .u8(message.tag)
    .u8(message.kind === 'refused' ? message.status : 0)
    .u16be(0)
    .u32le(message.consoleSessionId);
  return message.kind === 'refused' ? w.done() : w.bytes(message.icv).done();
}

/** Reads the message; WireError when malformed. What follows the session id of a refusal means nothing. */
export function decodeRakp4(bytes: Uint8Array): Rakp4 {
  const r = new ByteReader(bytes);
  const tag = r.u8('rakp4.tag');
  const status = r.u8('rakp4.status');
  r.skip(2, 'rakp4.reserved');
  const consoleSessionId = r.u32le('rakp4.consoleSessionId');
  return status === 0
    ? { kind: 'accepted', tag, consoleSessionId, icv: r.rest() }
    : { kind: 'refused', tag, status, consoleSessionId };
}
