import { ByteReader, ByteWriter, WireError } from '../../base/bytes.ts';

/** RAKP message 2: the BMC's random number and its proof that it knows the password. IPMI 2.0 §13.21 */
export type Rakp2 =
  | {
      readonly kind: 'accepted';
      readonly tag: number;
      readonly consoleSessionId: number;
      /** 16 bytes. */
      readonly bmcRandom: Uint8Array;
      /** 16 bytes. */
      readonly bmcGuid: Uint8Array;
      /** Key exchange auth code, 20 bytes with HMAC-SHA1. */
      readonly authCode: Uint8Array;
    }
  | {
      readonly kind: 'refused';
      readonly tag: number;
      readonly status: number;
      readonly consoleSessionId: number;
    };

/** Bytes of the message; WireError when random number or GUID are not 16 bytes. */
export function encodeRakp2(message: Rakp2): Uint8Array {
  const w = new ByteWriter(64)
    .u8(message.tag)
    .u8(message.kind === 'refused' ? message.status : 0)
    .u16be(0)
    .u32le(message.consoleSessionId);
  if (message.kind === 'refused') return w.done();
  if (message.bmcRandom.length !== 16 || message.bmcGuid.length !== 16)
    throw new WireError('bad-value', 'rakp2', 'random number and GUID have 16 bytes');
  return w.bytes(message.bmcRandom).bytes(message.bmcGuid).bytes(message.authCode).done();
}

/** Reads the message; WireError when malformed. What follows the session id of a refusal means nothing. */
export function decodeRakp2(bytes: Uint8Array): Rakp2 {
  const r = new ByteReader(bytes);
  const tag = r.u8('rakp2.tag');
  const status = r.u8('rakp2.status');
  r.skip(2, 'rakp2.reserved');
  const consoleSessionId = r.u32le('rakp2.consoleSessionId');
  if (status !== 0) return { kind: 'refused', tag, status, consoleSessionId };
  return {
    kind: 'accepted',
    tag,
    consoleSessionId,
    bmcRandom: r.bytes(16, 'rakp2.bmcRandom'),
    bmcGuid: r.bytes(16, 'rakp2.bmcGuid'),
    authCode: r.rest(),
  };
}
