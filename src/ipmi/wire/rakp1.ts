import { ByteReader, ByteWriter, WireError } from '../../base/bytes.ts';

/** RAKP message 1: who logs in, and the console's random number. IPMI 2.0 §13.20 */
export interface Rakp1 {
  readonly tag: number;
  readonly bmcSessionId: number;
  /** 16 bytes. */
  readonly consoleRandom: Uint8Array;
  /** Privilege (bits 3:0) and name-only lookup (bit 4), as it goes into the hashes. */
  readonly role: number;
  /** At most 16 bytes. */
  readonly username: Uint8Array;
}

const maxUsername = 16;

/** Bytes of the message; WireError when a field has the wrong length. */
export function encodeRakp1(message: Rakp1): Uint8Array {
  if (message.username.length > maxUsername)
    throw new WireError('too-long', 'rakp1.username', 'is over 16 bytes');
  if (message.consoleRandom.length !== 16)
    throw new WireError('bad-value', 'rakp1.consoleRandom', 'is not 16 bytes');
  return new ByteWriter(44)
    .u8(message.tag)
    .fill(3)
    .u32le(message.bmcSessionId)
    .bytes(message.consoleRandom)
    .u8(message.role)
    .u16be(0)
    .u8(message.username.length)
    .bytes(message.username)
    .done();
}

/** Reads the message; WireError when malformed. */
export function decodeRakp1(bytes: Uint8Array): Rakp1 {
  const r = new ByteReader(bytes);
  const tag = r.u8('rakp1.tag');
  r.skip(3, 'rakp1.reserved');
  const bmcSessionId = r.u32le('rakp1.bmcSessionId');
  const consoleRandom = r.bytes(16, 'rakp1.consoleRandom');
  const role = r.u8('rakp1.role');
  r.skip(2, 'rakp1.reserved');
  const length = r.u8('rakp1.usernameLength');
  if (length > maxUsername) throw new WireError('bad-value', 'rakp1.usernameLength', 'is over 16');
  return { tag, bmcSessionId, consoleRandom, role, username: r.bytes(length, 'rakp1.username') };
}
