import { fromHex } from '../../base/bytes.ts';
import { privilegeLevel } from '../commands/privilege.ts';
import type { CipherSuite } from '../crypto/suite.ts';
import { type QuirkEffects, quirkEffects } from '../quirks.ts';
import { type BmcTarget, IpmiError } from '../types.ts';
import { allowedSuites } from './suite-choice.ts';
import type { IpmiTiming } from './timing.ts';

/** What a login needs, as bytes. */
export interface Login {
  readonly protocol: '2.0' | '1.5';
  /** Allowed cipher suites, best first; the BMC's own list may change their order. */
  readonly suites: readonly CipherSuite[];
  /** IPMI 1.5 only. */
  readonly ipmi15Auth: 'md5' | 'straight' | 'none';
  /** For texts. */
  readonly usernameText: string;
  /** As sent in RAKP 1 and hashed in RAKP 2 and the keys. */
  readonly username: Uint8Array;
  /** Role and name as hashed in RAKP 3; other ones than elsewhere with the quirk `intel20`. */
  readonly inRakp3: { readonly role: number; readonly username: Uint8Array };
  readonly password: Uint8Array;
  /** K_G of a two-key login. */
  readonly kg: Uint8Array | undefined;
  readonly privilege: number;
  /** Privilege with the kind of user lookup, as it goes into RAKP 1 and the hashes. IPMI 2.0 §13.20 */
  readonly role: number;
  readonly quirks: QuirkEffects;
  readonly timing: IpmiTiming;
}

const maxUsername = 16;
/** IPMI 2.0 §22.30; IPMI 1.5 has 16. */
const maxPassword = { '2.0': 20, '1.5': 16 } as const;
const maxKg = 20;
/** Look the user up by name alone: with the other way many boards find only users whose limit is exactly the wished level. IPMI 2.0 §13.20 */
const nameOnlyLookup = 0x10;

/** Login data of a target; IpmiError `bad-target` when a part of it is nothing that IPMI has. IPMI 2.0 §13.20, §13.33, §22.30 */
export function loginOf(target: BmcTarget, timing: IpmiTiming): Login {
  const privilege = privilegeLevel[target.privilege ?? 'operator'];
  const protocol = target.protocol ?? '2.0';
  const quirks = quirkEffects(target.quirks);
  const username = credential('user name', target.username, maxUsername, protocol);
  const isPadded = quirks.padUsername && protocol === '2.0';
  const role = (target.userLookup === 'name-and-role' ? 0 : nameOnlyLookup) | privilege;
  return {
    protocol,
    suites: protocol === '2.0' ? allowedSuites(target) : [],
    ipmi15Auth: target.ipmi15Auth ?? 'md5',
    usernameText: target.username,
    username: isPadded ? filledUp(username, maxUsername) : username,
    inRakp3: { username, role: isPadded ? privilege : role },
    password: credential('password', target.password, maxPassword[protocol], protocol),
    kg: target.kg === undefined ? undefined : kgOf(target.kg),
    privilege,
    role,
    quirks,
    timing,
  };
}

/** The password as the BMC uses it with a suite. */
export function passwordFor(login: Login, suite: CipherSuite): Uint8Array {
  const isCut = login.quirks.shortMd5Password && suite.hash === 'md5';
  return isCut ? login.password.subarray(0, maxPassword['1.5']) : login.password;
}

function credential(what: string, text: string, limit: number, protocol: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > limit)
    throw new IpmiError(
      'bad-target',
      `the ${what} has ${bytes.length} bytes; IPMI ${protocol} allows ${limit}`,
    );
  // BMCs keep both in fields that are filled up with zeros, so a zero would end them.
  if (bytes.includes(0)) throw new IpmiError('bad-target', `the ${what} has a zero byte in it`);
  return bytes;
}

/** Undefined for a key of zeros: that is how a BMC stores "no K_G". IPMI 2.0 §13.33 */
function kgOf(text: string): Uint8Array | undefined {
  const isHex = /^0x/i.test(text);
  if (isHex && !/^0x(?:[0-9a-f]{2})*$/i.test(text))
    throw new IpmiError('bad-target', 'K_G begins with 0x and is not an even number of hex digits');
  const bytes = isHex ? fromHex(text.slice(2)) : new TextEncoder().encode(text);
  if (bytes.length > maxKg)
    throw new IpmiError('bad-target', `K_G has ${bytes.length} bytes; IPMI 2.0 allows ${maxKg}`);
  return bytes.some((byte) => byte !== 0) ? bytes : undefined;
}

function filledUp(bytes: Uint8Array, length: number): Uint8Array {
  const all = new Uint8Array(length);
  all.set(bytes);
  return all;
}
