import { toHex } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { getSessionInfo } from '../commands/app/get-session-info.ts';
import { thisChannel } from '../commands/app/get-channel-auth-capabilities.ts';
import { getSolConfiguration } from '../commands/transport/configuration.ts';
import { solBitRate, solParameter } from '../commands/transport/sol-parameters.ts';
import { readReply } from '../execute.ts';
import type { BmcSession } from '../link.ts';
import type { Connect } from '../pool/bmc-slot.ts';
import { findingsOf, type LoginFacts } from '../session/facts.ts';
import { type BmcTarget, IpmiError } from '../types.ts';
import { notRestoredText, probeBootFlags } from './boot-probe.ts';
import type { BmcProfile, ProfileFinding } from './profile.ts';
import { openBySuites } from './suite-probe.ts';
import { suggestedQuirks, vendorName } from './vendors.ts';

export interface MeasureDeps {
  readonly clock: Clock;
  /** What the BMC tells without a login; `readLoginFacts` with its ports. */
  readonly readFacts: (target: BmcTarget) => Promise<LoginFacts>;
}

export interface MeasureOptions {
  /** Opens up to three more sessions, and closes them. Default false, as they may be somebody's last ones. */
  readonly countSessions?: boolean;
  /** Tries boot flags. Default true. */
  readonly probeBoot?: boolean;
}

const roundTrips = 5;
const moreSessions = 3;
/** For a BMC that was busy when commands followed each other at once. */
const busyGapMs = 250;

/**
 * Learns how a BMC wants to be treated, in some seconds, and leaves it as it was. `connect` stands behind the lock-out guard: a wrong
 * password costs one failed login. Rejects with IpmiError when nobody can log in; everything else that fails becomes a note.
 */
export async function measureProfile(
  connect: Connect,
  target: BmcTarget,
  deps: MeasureDeps,
  { countSessions = false, probeBoot = true }: MeasureOptions = {},
): Promise<BmcProfile> {
  const notes: string[] = [];
  const orNote = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof IpmiError)) throw error;
      notes.push(`${what}: ${messageOf(error)}`);
      return undefined;
    }
  };
  const facts = await orNote('what it tells before a login is not known', () => deps.readFacts(target));
  const { session, working } = await openBySuites(connect, target, facts, notes);
  const reopen = (): Promise<BmcSession> => connect({ ...target, ...suiteOf(session) });
  try {
    const device = await session.deviceId();
    const speed = await timeCommands(session, deps.clock);
    const guid = await orNote('no system GUID', () => session.systemGuid());
    const info = await orNote('the number of sessions is not told', () => session.run(getSessionInfo, 'own'));
    const tried = countSessions ? await trySessions(reopen, notes) : undefined;
    const boot = probeBoot
      ? await orNote('boot flags could not be tried', () => probeBootFlags(session, reopen))
      : undefined;
    if (boot?.kind === 'skipped') notes.push(boot.why);
    if (boot?.kind === 'tried' && !boot.result.restored) notes.push(notRestoredText);
    const sol = await orNote('serial over LAN settings are not told', () => readSol(session));
    return {
      version: 1,
      at: deps.clock.now(),
      vendor: vendorName(device.manufacturerId),
      manufacturerId: device.manufacturerId,
      productId: device.productId,
      firmware: `${device.firmwareMajor}.${device.firmwareMinor}`,
      ipmiVersion: device.ipmiVersion,
      ...(guid && { systemGuid: toHex(guid) }),
      suites: { ...(facts?.cipherSuites && { advertised: facts.cipherSuites }), working },
      ...speed,
      sessions: {
        ...(info && { slots: info.possible }),
        ...(tried === undefined ? {} : { tried }),
      },
      ...(boot?.kind === 'tried' && { bootFlag: boot.result }),
      ...(sol && { sol }),
      findings: facts ? profileFindings(facts) : [],
      suggestedQuirks: suggestedQuirks(device.manufacturerId),
      powerMs: { on: [], off: [], reset: [] },
      notes,
    };
  } finally {
    await session.close();
  }
}

/** The suite in use, so that further sessions do not ask again. */
const suiteOf = ({ facts }: BmcSession): Pick<BmcTarget, 'cipherSuite'> =>
  facts.cipherSuite === undefined ? {} : { cipherSuite: facts.cipherSuite };

/** Weaknesses and peculiarities, worst first. */
export function profileFindings(facts: LoginFacts): readonly ProfileFinding[] {
  return [
    ...findingsOf(facts),
    ...(facts.supportsIpmi20 === false ? (['ipmi-1.5-only'] as const) : []),
    ...(facts.kgSet ? (['kg-set'] as const) : []),
  ];
}

async function timeCommands(
  session: BmcSession,
  clock: Clock,
): Promise<Pick<BmcProfile, 'roundTripMs' | 'gapMs'>> {
  const times: number[] = [];
  let wasBusy = false;
  for (let i = 0; i < roundTrips; i++) {
    const sentAt = clock.now();
    await session.deviceId().catch((error: unknown) => {
      if (!(error instanceof IpmiError) || error.code !== 'busy') throw error;
      wasBusy = true;
    });
    times.push(clock.now() - sentAt);
  }
  const median = times.toSorted((a, b) => a - b)[Math.floor(roundTrips / 2)] ?? 0;
  return { roundTripMs: median, gapMs: wasBusy ? busyGapMs : 0 };
}

/** How many sessions were open together; it stops at the first that is refused and closes all of its own. */
async function trySessions(open: () => Promise<BmcSession>, notes: string[]): Promise<number> {
  const opened: BmcSession[] = [];
  try {
    while (opened.length < moreSessions) opened.push(await open());
  } catch (error) {
    if (!(error instanceof IpmiError)) throw error;
    notes.push(`no more than ${opened.length + 1} sessions together: ${error.message}`);
  } finally {
    await Promise.all(opened.map((session) => session.close()));
  }
  return opened.length + 1;
}

/** IPMI 2.0 §26.3, table 26-5 */
async function readSol(session: BmcSession): Promise<NonNullable<BmcProfile['sol']>> {
  const read = async (parameter: number): Promise<Uint8Array> => {
    const which = { channel: thisChannel, revisionOnly: false, parameter, setSelector: 0, blockSelector: 0 };
    return (await session.run(getSolConfiguration, which)).value;
  };
  const enabled = ((await read(solParameter.enable)).at(0) ?? 0) & 0x01;
  const rate = await read(solParameter.volatileBitRate);
  const baud = readReply(getSolConfiguration.name, solBitRate, rate);
  return { enabled: enabled === 1, ...(baud === undefined ? {} : { baud }) };
}
