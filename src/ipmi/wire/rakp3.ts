import { ByteReader, ByteWriter } from '../../base/bytes.ts';

/** RAKP message 3: the console's proof that it knows the password, or why it gives up. IPMI 2.0 §13.22 */
export type Rakp3 =
  | {
      readonly kind: 'accepted';
      readonly tag: number;
      readonly bmcSessionId: number;
      /** Key exchange auth code, 20 bytes with HMAC-SHA1. */
      readonly authCode: Uint8Array;
    }
  | {
      readonly kind: 'refused';
      readonly tag: number;
      readonly status: number;
      readonly bmcSessionId: number;
    };

/** Bytes of the message; a refusal has no auth code. */
export function encodeRakp3(message: Rakp3): Uint8Array {
  const w = new ByteWriter(28)
    .u8(message.tag)
    .u8(message.kind === 'refused' ? message.status : 0)
    .u16be(0)
    .u32le(message.bmcSessionId);
  return message.kind === 'refused' ? w.done() : w.bytes(message.authCode).done();
}

/** Reads the message; WireError when malformed. */
export function decodeRakp3(bytes: Uint8Array): Rakp3 {
  const r = new ByteReader(bytes);
  const tag = r.u8('rakp3.tag');
  const status = r.u8('rakp3.status');
  r.skip(2, 'rakp3.reserved');
  const bmcSessionId = r.u32le('rakp3.bmcSessionId');
  return status === 0
    ? { kind: 'accepted', tag, bmcSessionId, authCode: r.rest() }
    : { kind: 'refused', tag, status, bmcSessionId };
}
