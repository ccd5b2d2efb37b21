import { toHex } from '../../base/bytes.ts';
import { messageOf } from '../../base/errors.ts';
import { readLoginFacts } from '../login-facts.ts';
import type { BmcSession } from '../link.ts';
import type { Connect } from '../pool/bmc-slot.ts';
import type { LockoutGuard } from '../pool/lockout-guard.ts';
import { profileFindings } from '../profile/measure.ts';
import type { ProfileFinding } from '../profile/profile.ts';
import { vendorName } from '../profile/vendors.ts';
import type { IpmiTiming } from '../session/timing.ts';
import { type IpmiDeps, IpmiError } from '../types.ts';
import { noMakerIana, type PresencePong } from '../wire/asf.ts';
import {
  afterRefusal,
  nextCredential,
  noTries,
  type SweepCredential,
  type TriesSoFar,
} from './credential-plan.ts';

/** A BMC that answered. It never holds a password; `credential` is the place of the one that worked in the caller's list. */
export interface DiscoveredBmc {
  readonly address: string;
  readonly port: number;
  /** It told about its logins; false: it only answered the presence ping. */
  readonly reachable: boolean;
  readonly ipmi: ReadonlyArray<'1.5' | '2.0'>;
  readonly cipherSuites: readonly number[] | undefined;
  readonly findings: readonly ProfileFinding[];
  readonly credential: number | undefined;
  readonly username: string | undefined;
  /** From the login, or else from the presence pong of boards that tell it there. */
  readonly vendor: string | undefined;
  readonly firmware: string | undefined;
  /** As sent, 32 hex digits. */
  readonly systemGuid: string | undefined;
  /** Why something above is missing. */
  readonly problem: string | undefined;
}

export interface InspectDeps extends IpmiDeps {
  readonly connect: Connect;
  readonly guard: LockoutGuard;
  readonly signal?: AbortSignal;
}

export interface InspectOptions {
  readonly credentials: readonly SweepCredential[];
  readonly thorough: boolean;
  readonly timing: Partial<IpmiTiming>;
}

interface Place {
  readonly address: string;
  readonly port: number;
}

/** What the first login that worked told, or why none did. */
type LoginOutcome = Partial<
  Pick<DiscoveredBmc, 'credential' | 'username' | 'vendor' | 'firmware' | 'systemGuid' | 'problem'>
>;

/** Asks one BMC what it tells everybody, then tries the credentials in their order. Undefined when nothing answers at all. */
export async function inspectBmc(
  place: Place,
  pong: PresencePong | undefined,
  options: InspectOptions,
  deps: InspectDeps,
): Promise<DiscoveredBmc | undefined> {
  const maker = pong === undefined || pong.oemIana === noMakerIana ? undefined : vendorName(pong.oemIana);
  const row: DiscoveredBmc = {
    ...place,
    reachable: false,
    ipmi: [],
    cipherSuites: undefined,
    findings: [],
    credential: undefined,
    username: undefined,
    vendor: maker,
    firmware: undefined,
    systemGuid: undefined,
    problem: undefined,
  };
  let facts;
  try {
    facts = await readLoginFacts(place, deps, options.timing);
  } catch (error) {
    if (!(error instanceof IpmiError)) throw error;
    return pong && { ...row, problem: error.message };
  }
  const ipmi = [
    ...(facts.supportsIpmi15 ? (['1.5'] as const) : []),
    ...(facts.supportsIpmi20 === true ? (['2.0'] as const) : []),
  ];
  const known = { ...row, reachable: true, ipmi, cipherSuites: facts.cipherSuites };
  const withFindings = { ...known, findings: profileFindings(facts) };
  if (!ipmi.includes('2.0'))
    return { ...withFindings, problem: 'no login was tried, as it speaks IPMI 1.5 only' };
  return { ...withFindings, ...(await tryCredentials(place, options, deps)) };
}

async function tryCredentials(
  place: Place,
  { credentials, thorough, timing }: InspectOptions,
  { connect, guard, signal }: InspectDeps,
): Promise<LoginOutcome> {
  let tries: TriesSoFar = noTries;
  let problem: string | undefined;
  const isAborted = (): boolean => signal?.aborted === true;
  while (!isAborted()) {
    const credential = nextCredential(credentials, tries, thorough);
    const chosen = credential === undefined ? undefined : credentials[credential];
    if (credential === undefined || chosen === undefined) break;
    const { username, password } = chosen;
    const target = { ...place, username, password };
    try {
      const key = `${place.address}:${place.port}`;
      const session = await guard.attempt(key, target, () => connect(target, timing));
      return { credential, username, ...(await identify(session)) };
    } catch (error) {
      if (!(error instanceof IpmiError)) throw error;
      problem = error.message;
      if (error.code !== 'auth-failed' && error.code !== 'locked-out') break;
      tries = afterRefusal(tries, credential, username, error.code === 'auth-failed');
    }
  }
  return problem === undefined ? {} : { problem };
}

async function identify(session: BmcSession): Promise<LoginOutcome> {
  try {
    const { manufacturerId, firmwareMajor, firmwareMinor } = await session.deviceId();
    const facts = { vendor: vendorName(manufacturerId), firmware: `${firmwareMajor}.${firmwareMinor}` };
    try {
      return { ...facts, systemGuid: toHex(await session.systemGuid()) };
    } catch (error) {
      return { ...facts, problem: `no system GUID: ${messageOf(error)}` };
    }
  } catch (error) {
    return { problem: messageOf(error) };
  } finally {
    await session.close();
  }
}
