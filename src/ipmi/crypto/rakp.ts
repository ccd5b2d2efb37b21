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
}

/** Keys of a session. IPMI 2.0 §13.32 */
export interface SessionKeys {
  /** Session integrity key. */
  readonly sik: Uint8Array;
  /** For auth codes. */
  readonly k1: Uint8Array;
  /** Its first 16 bytes are the AES key. */
  readonly k2: Uint8Array;
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

/** Session integrity key and the keys made of it, for a BMC without K_G (one-key login). IPMI 2.0 §13.31, §13.32 */
export function deriveKeys(suite: CipherSuite, facts: RakpFacts): SessionKeys {
  const sik = hmac(suite, facts.password, facts.consoleRandom, facts.bmcRandom, roleAndName(facts));
  const constant = (value: number): Uint8Array => new Uint8Array(suite.hashBytes).fill(value);
  return { sik, k1: hmac(suite, sik, constant(1)), k2: hmac(suite, sik, constant(2)) };
}

/** Integrity check value of RAKP 4. IPMI 2.0 §13.31 */
export function rakp4Icv(suite: CipherSuite, sik: Uint8Array, facts: RakpFacts): Uint8Array {
  return hmac(suite, sik, facts.consoleRandom, id(facts.bmcSessionId), facts.bmcGuid).slice(
    0,
    suite.icvBytes,
  );
}
