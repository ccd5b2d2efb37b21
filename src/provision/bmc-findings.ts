import type { ProfileFinding } from '../ipmi/index.ts';

/** What a finding means and what to do, for a technician. */
const texts: Readonly<Record<ProfileFinding, string>> = {
  'no-password-suite':
    'cipher suite 0 is on: whoever reaches this BMC can log in without a password; switch the suite off on the BMC',
  'anonymous-login':
    'the BMC has a user without name and password; delete that user or switch its LAN access off',
  'null-user': 'the BMC has a user without a name; give it a name or switch its LAN access off',
  'no-password-auth':
    'the BMC takes IPMI 1.5 logins without authentication; switch the authentication type "none" off',
  'kg-set': 'the BMC has a key K_G, which a login needs beside the password: set ipmiKg of the chassis',
  'ipmi-1.5-only':
    'the BMC speaks IPMI 1.5 only, which protects nothing but the password; set the system tag ipmiProtocol::1.5 to use it',
};

/** A finding by name and in words. */
export interface BmcFinding {
  readonly name: ProfileFinding;
  readonly text: string;
}

export const findingInWords = (name: ProfileFinding): BmcFinding => ({ name, text: texts[name] });
