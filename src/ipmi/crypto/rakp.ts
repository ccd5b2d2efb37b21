import { ByteWriter } from '../../base/bytes.ts';
import { hmac } from './hmac.ts';
import type { CipherSuite } from './suite.ts';

/** Everything that the two sides of a handshake know once RAKP 2 is there. IPMI 2.0 §13.31 */
export interface RakpFacts {
  readonly consoleSessionId: number;
  readonly bmcSessionId: number;
  readonly consoleRandom: Uint8Array;
  readonly bmcRandom: Uint8Array;
  readonly bmcGuid: Uint8Array;
  readonly role: number;
  readonly username: Uint8Array;
  /** K_UID: the password's bytes, at most 20. Zero padding does not change an HMAC. */
  readonly password: Uint8Array;
  /** K_G: the BMC's own key, at most 20 bytes. Undefined for a one-key login, which uses K_UID in its place. IPMI 2.0 §13.33 */
  readonly kg?: Uint8Array | undefined;
}

/** Keys of a session. IPMI 2.0 §13.32 */
export interface SessionKeys {
  /** Session integrity key. */
  readonly sik: Uint8Array;
  /** For auth codes. */
  readonly k1: Uint8Array;
  /** Its first 16 bytes are the AES key. */
  readonly k2: Uint8Array;
  /** K_UID, the password filled up with zeros to 20 bytes; the integrity algorithm MD5-128 uses it in place of K1. */
  readonly kUid: Uint8Array;
}

const id = (value: number): Uint8Array => new ByteWriter(4).u32le(value).done();
const roleAndName = (facts: RakpFacts): Uint8Array =>
  new ByteWriter(18).u8(facts.role).u8(facts.username.length).bytes(facts.username).done();

/** Key exchange auth code of RAKP 2, by which the BMC proves that it knows the password. IPMI 2.0 §13.31 */
export function rakp2AuthCode(suite: CipherSuite, facts: RakpFacts): Uint8Array {
  return hmac(
    suite,
    facts.password,
    id(facts.consoleSessionId),
    id(facts.bmcSessionId),
    facts.consoleRandom,
    facts.bmcRandom,
    facts.bmcGuid,
    roleAndName(facts),
  );
}

/** Key exchange auth code of RAKP 3, by which the console proves the same. IPMI 2.0 §13.31 */
export function rakp3AuthCode(suite: CipherSuite, facts: RakpFacts): Uint8Array {
  return hmac(suite, facts.password, facts.bmcRandom, id(facts.consoleSessionId), roleAndName(facts));
}

/** The standard can be read as one hash long; ipmitool, FreeIPMI and BMCs use 20 bytes with each hash (docs/quirks.md). */
const constantBytes = 20;
const kUidBytes = 20;

/** Session integrity key and the keys made of it. IPMI 2.0 §13.31, §13.32 */
export function deriveKeys(suite: CipherSuite, facts: RakpFacts): SessionKeys {
  const key = facts.kg ?? facts.password;
  const sik = hmac(suite, key, facts.consoleRandom, facts.bmcRandom, roleAndName(facts));
  const constant = (value: number): Uint8Array => new Uint8Array(constantBytes).fill(value);
  const kUid = new Uint8Array(kUidBytes);
  kUid.set(facts.password.subarray(0, kUidBytes));
  return { sik, k1: hmac(suite, sik, constant(1)), k2: hmac(suite, sik, constant(2)), kUid };
}

/** Integrity check value of RAKP 4. IPMI 2.0 §13.31 */
export function rakp4Icv(suite: CipherSuite, sik: Uint8Array, facts: RakpFacts): Uint8Array {
  return hmac(suite, sik, facts.consoleRandom, id(facts.bmcSessionId), facts.bmcGuid).slice(
    0,
    suite.icvBytes,
  );
}
