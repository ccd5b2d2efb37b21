import type { CipherSuite } from '../crypto/suite.ts';
import { suite3 } from '../crypto/suite.ts';
import { privilegeLevel } from '../commands/privilege.ts';
import { type BmcTarget, IpmiError } from '../types.ts';
import type { IpmiTiming } from './timing.ts';

/** What a login needs, as bytes. */
export interface Login {
  readonly suite: CipherSuite;
  /** For texts. */
  readonly usernameText: string;
  readonly username: Uint8Array;
  readonly password: Uint8Array;
  readonly privilege: number;
  /** Privilege with name-only lookup, as it goes into RAKP 1 and the hashes. IPMI 2.0 §13.20 */
  readonly role: number;
  readonly timing: IpmiTiming;
}

const maxUsername = 16;
const maxPassword = 20;
/** Look the user up by name alone: with the other way many boards find only users whose limit is exactly the wished level. IPMI 2.0 §13.20 */
const nameOnlyLookup = 0x10;

/** Login data of a target; IpmiError `bad-target` when user name or password cannot be an IPMI one. IPMI 2.0 §13.20, §22.30 */
export function loginOf(target: BmcTarget, timing: IpmiTiming): Login {
  const privilege = privilegeLevel[target.privilege ?? 'administrator'];
  return {
    suite: suite3,
    usernameText: target.username,
    username: credential('user name', target.username, maxUsername),
    password: credential('password', target.password, maxPassword),
    privilege,
    role: nameOnlyLookup | privilege,
    timing,
  };
}

function credential(what: string, text: string, limit: number): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > limit)
    throw new IpmiError('bad-target', `the ${what} has ${bytes.length} bytes; IPMI 2.0 allows ${limit}`);
  // BMCs keep both in fields that are filled up with zeros, so a zero would end them.
  if (bytes.includes(0)) throw new IpmiError('bad-target', `the ${what} has a zero byte in it`);
  return bytes;
}
