import { createHash } from 'node:crypto';
import { ByteWriter } from '../../base/bytes.ts';
import { lan15AuthType } from '../wire/lan15-packet.ts';

const passwordBytes = 16;

/**
 * Auth code of an IPMI 1.5 session packet: MD5 over password, session id, payload, sequence and password; the password itself
 * with "straight"; nothing with "none". The password is at most 16 bytes. IPMI 2.0 §22.17.1
 */
export function lan15AuthCode(
  authType: number,
  password: Uint8Array,
  packet: { readonly sessionId: number; readonly sequence: number; readonly payload: Uint8Array },
): Uint8Array {
  const key = new Uint8Array(passwordBytes);
  key.set(password.subarray(0, passwordBytes));
  switch (authType) {
    case lan15AuthType.none:
      return new Uint8Array();
    case lan15AuthType.straight:
      return key;
    case lan15AuthType.md5:
      return md5(key, u32(packet.sessionId), packet.payload, u32(packet.sequence), key);
    default:
      throw new RangeError(`authentication type ${authType} is not supported`);
  }
}

const u32 = (value: number): Uint8Array => new ByteWriter(4).u32le(value).done();

function md5(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}
