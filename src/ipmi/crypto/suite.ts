import type { Algorithms } from '../wire/open-session.ts';

/** What a cipher suite means in bytes. IPMI 2.0 §22.15.2, table 22-20 */
export interface CipherSuite {
  readonly id: number;
  readonly algorithms: Algorithms;
  readonly hash: 'sha1';
  /** Bytes of the hash: key exchange auth codes, SIK, K1, K2. */
  readonly hashBytes: number;
  /** Bytes of the integrity check value in RAKP 4. */
  readonly icvBytes: number;
  /** Bytes of the auth code behind session packets. */
  readonly authCodeBytes: number;
}

/** RAKP-HMAC-SHA1, HMAC-SHA1-96, AES-CBC-128. IPMI 2.0 §22.15.2 */
export const suite3: CipherSuite = {
  id: 3,
  algorithms: { authentication: 1, integrity: 1, confidentiality: 1 },
  hash: 'sha1',
  hashBytes: 20,
  icvBytes: 12,
  authCodeBytes: 12,
};
