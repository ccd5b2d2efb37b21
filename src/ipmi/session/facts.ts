import type { GetChannelAuthCapabilitiesReply } from '../commands/app/get-channel-auth-capabilities.ts';
import { suiteWithoutPassword } from '../crypto/suite.ts';

/** What a BMC tells about its logins before one. Anybody can ask it, and anybody on the way can change it. IPMI 2.0 §22.13, §22.15 */
export interface LoginFacts {
  readonly supportsIpmi15: boolean;
  /** Undefined after an IPMI 1.5 login, which does not ask for it. */
  readonly supportsIpmi20: boolean | undefined;
  /** The BMC has its own key K_G: a login needs it besides the password. */
  readonly kgSet: boolean;
  /** IPMI 1.5 authentication types that the channel takes. */
  readonly authTypes: readonly ('none' | 'md2' | 'md5' | 'straight' | 'oem')[];
  /** IPMI 1.5: messages after the login carry no auth code. */
  readonly perMessageAuthOff: boolean;
  /** Commands of privilege "user" need no auth code. */
  readonly userLevelAuthOff: boolean;
  /** There are users with names. */
  readonly namedUsers: boolean;
  /** There is a user with a password and without a name. */
  readonly nullUser: boolean;
  /** There is a user without name and password. */
  readonly anonymousLogin: boolean;
  /** Numbers of the standard cipher suites; undefined when the BMC was not asked or did not tell. */
  readonly cipherSuites: readonly number[] | undefined;
}

const typeBits = { none: 0x01, md2: 0x02, md5: 0x04, straight: 0x10, oem: 0x20 } as const;

/** The facts in an answer to Get Channel Authentication Capabilities. IPMI 2.0 §22.13, table 22-16 */
export function factsOf(reply: GetChannelAuthCapabilitiesReply): LoginFacts {
  const status = (bit: number): boolean => (reply.loginStatus & bit) !== 0;
  return {
    supportsIpmi15: reply.supportsIpmi15,
    supportsIpmi20: reply.supportsIpmi20,
    kgSet: reply.keyGSet,
    authTypes: (Object.keys(typeBits) as (keyof typeof typeBits)[]).filter(
      (type) => (reply.authTypes & typeBits[type]) !== 0,
    ),
    perMessageAuthOff: status(0x10),
    userLevelAuthOff: status(0x08),
    namedUsers: status(0x04),
    nullUser: status(0x02),
    anonymousLogin: status(0x01),
    cipherSuites: undefined,
  };
}

/** What a technician should change on the BMC. */
export type LoginFinding = 'no-password-suite' | 'anonymous-login' | 'null-user' | 'no-password-auth';

/** Weaknesses of a BMC that its facts show, worst first. */
export function findingsOf(facts: LoginFacts): readonly LoginFinding[] {
  const findings: readonly (readonly [boolean, LoginFinding])[] = [
    [facts.cipherSuites?.includes(suiteWithoutPassword) === true, 'no-password-suite'],
    [facts.anonymousLogin, 'anonymous-login'],
    [facts.supportsIpmi15 && facts.authTypes.includes('none'), 'no-password-auth'],
    [facts.nullUser, 'null-user'],
  ];
  return findings.filter(([found]) => found).map(([, finding]) => finding);
}
