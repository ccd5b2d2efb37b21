import type { Algorithms } from '../wire/open-session.ts';

/** Names of hashes as node:crypto and RFC 2104 know them. */
export type HashName = 'md5' | 'sha1' | 'sha256';

/** Auth codes behind session packets. IPMI 2.0 §13.28.4, table 13-18 */
export interface Integrity {
  /** `hmac` is keyed with K1; `keyed-digest` hashes the password in front of and behind the packet (MD5-128). */
  readonly kind: 'hmac' | 'keyed-digest';
  readonly hash: HashName;
  /** Bytes of the auth code; a longer hash is cut. */
  readonly codeBytes: number;
}

/** What a cipher suite means in bytes. IPMI 2.0 §22.15.2, table 22-20 */
export interface CipherSuite {
  readonly id: number;
  readonly algorithms: Algorithms;
  /** Of the RAKP messages and the keys. */
  readonly hash: HashName;
  /** Bytes of the hash: key exchange auth codes, SIK, K1, K2. */
  readonly hashBytes: number;
  /** Bytes of the integrity check value in RAKP 4. IPMI 2.0 §13.28.1 */
  readonly icvBytes: number;
  /** Undefined: session packets have no auth code. */
  readonly integrity: Integrity | undefined;
  readonly confidentiality: 'aes-cbc-128' | undefined;
  /** Bytes of the auth code behind session packets, 0 without integrity. */
  readonly authCodeBytes: number;
  /** True for suites whose packets can be read or changed on the way, or that use MD5: only where a target allows them. */
  readonly weak: boolean;
}

const rakpHashes = {
  1: { hash: 'sha1', hashBytes: 20, icvBytes: 12 },
  2: { hash: 'md5', hashBytes: 16, icvBytes: 16 },
  3: { hash: 'sha256', hashBytes: 32, icvBytes: 16 },
} as const;

const integrities: Readonly<Record<0 | 1 | 2 | 3 | 4, Integrity | undefined>> = {
  0: undefined,
  1: { kind: 'hmac', hash: 'sha1', codeBytes: 12 },
  2: { kind: 'hmac', hash: 'md5', codeBytes: 16 },
  3: { kind: 'keyed-digest', hash: 'md5', codeBytes: 16 },
  4: { kind: 'hmac', hash: 'sha256', codeBytes: 16 },
};

function suite(
  id: number,
  authentication: 1 | 2 | 3,
  integrity: 0 | 1 | 2 | 3 | 4,
  confidentiality: 0 | 1,
): CipherSuite {
  return {
    id,
    algorithms: { authentication, integrity, confidentiality },
    ...rakpHashes[authentication],
    integrity: integrities[integrity],
    confidentiality: confidentiality === 1 ? 'aes-cbc-128' : undefined,
    authCodeBytes: integrities[integrity]?.codeBytes ?? 0,
    weak: confidentiality === 0 || authentication === 2,
  };
}

/** RAKP-HMAC-SHA1, HMAC-SHA1-96, AES-CBC-128. IPMI 2.0 §22.15.2 */
export const suite3 = suite(3, 1, 1, 1);
/** RAKP-HMAC-SHA256, HMAC-SHA256-128, AES-CBC-128. IPMI 2.0 §22.15.2 */
export const suite17 = suite(17, 3, 4, 1);

/** Cipher suite that needs no password: named here so that it can be reported, in no table so that it cannot be used. */
export const suiteWithoutPassword = 0;

/** Every suite that can be used, by its number. Suites with RC4 are left out. IPMI 2.0 §22.15.2, table 22-20 */
export const suites: ReadonlyMap<number, CipherSuite> = new Map(
  [
    suite(1, 1, 0, 0),
    suite(2, 1, 1, 0),
    suite3,
    suite(6, 2, 0, 0),
    suite(7, 2, 2, 0),
    suite(8, 2, 2, 1),
    suite(11, 2, 3, 0),
    suite(12, 2, 3, 1),
    suite(15, 3, 0, 0),
    suite(16, 3, 4, 0),
    suite17,
  ].map((one) => [one.id, one]),
);
