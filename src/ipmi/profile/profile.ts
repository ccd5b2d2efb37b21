import type { PoolTarget } from '../pool/target.ts';
import type { QuirkName } from '../quirks.ts';
import type { LoginFinding } from '../session/facts.ts';

/** What a technician should know of a BMC besides its login's weaknesses: it needs K_G; it speaks IPMI 1.5 only. */
export type ProfileFinding = LoginFinding | 'kg-set' | 'ipmi-1.5-only';

/** What the BMC made of boot flags that were tried. */
export interface BootFlagProfile {
  /** Network boot was kept as it was set. */
  readonly keepsPxe: boolean;
  /** The EFI bit was kept. */
  readonly keepsEfi: boolean;
  /** The flags read back as valid. */
  readonly marksValid: boolean;
  /** What was set before was there again afterwards. */
  readonly restored: boolean;
}

/** What was measured at one BMC; plain data that can be kept as JSON. Times in milliseconds. Undefined fields: see `notes`. */
export interface BmcProfile {
  readonly version: 1;
  /** Of the measurement, since the epoch. */
  readonly at: number;
  readonly vendor: string;
  readonly manufacturerId: number;
  readonly productId: number;
  readonly firmware: string;
  readonly ipmiVersion: string;
  /** As sent, 32 hex digits. */
  readonly systemGuid?: string;
  readonly suites: {
    readonly advertised?: readonly number[];
    /** Suites by which a login worked. */
    readonly working: readonly number[];
  };
  /** Median of some Get Device ID. */
  readonly roundTripMs: number;
  /** Pause between commands that it needs; 0: none was seen to be needed. */
  readonly gapMs: number;
  readonly sessions: {
    /** As it tells. */
    readonly slots?: number;
    /** Open together in the trial, this program's first one included. */
    readonly tried?: number;
  };
  readonly bootFlag?: BootFlagProfile;
  readonly sol?: { readonly enabled: boolean; readonly baud?: number };
  readonly findings: readonly ProfileFinding[];
  /** To try when logins fail; not in use. */
  readonly suggestedQuirks: readonly QuirkName[];
  /** How long power changes took, as observed; the newest last. */
  readonly powerMs: Readonly<Record<PowerChange, readonly number[]>>;
  /** What could not be learned, in words. */
  readonly notes: readonly string[];
}

/** Changes whose times are learned by watching. */
export type PowerChange = 'on' | 'off' | 'reset';

const observations = 8;

/** The profile with one more observed power change; the last eight are kept. */
export function withPowerTimes(profile: BmcProfile, change: PowerChange, ms: number): BmcProfile {
  const times = [...profile.powerMs[change], ms].slice(-observations);
  return { ...profile, powerMs: { ...profile.powerMs, [change]: times } };
}

/** The profile as text: JSON with two blanks. */
export const exportProfile = (profile: BmcProfile): string => `${JSON.stringify(profile, undefined, 2)}\n`;

/** Default times to repetitions assume that a BMC answers within so long. */
const usualRoundTripMs = 100;
/** Sessions that must have been open together before one may be kept open for good: others need theirs. */
const sessionsToSpare = 3;

/** How to log in to and treat the BMC of a profile; spread it into a target. */
export function targetOptionsOf(profile: BmcProfile): Pick<PoolTarget, 'cipherSuite' | 'tuning'> {
  const { roundTripMs, gapMs, sessions, suites } = profile;
  const best = [17, 3].find((suite) => suites.working.includes(suite));
  const firstRetryMs = Math.round(5 * roundTripMs);
  const timing = {
    retryMs: [firstRetryMs, 2 * firstRetryMs, 4 * firstRetryMs],
    deadlineMs: Math.max(15_000, 30 * roundTripMs),
  };
  return {
    ...(best === undefined ? {} : { cipherSuite: best }),
    tuning: {
      gapMs,
      keepOpen: (sessions.tried ?? 0) >= sessionsToSpare,
      ...(roundTripMs > usualRoundTripMs ? { timing } : {}),
    },
  };
}
