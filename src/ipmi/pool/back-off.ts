import { assertNever } from '../../base/errors.ts';
import type { RandomBytes } from '../../base/random.ts';
import { IpmiError, type IpmiErrorCode } from '../types.ts';

/** Bounds of a growing pause. */
export interface BackOffRange {
  readonly baseMs: number;
  readonly capMs: number;
}

/** Pauses by what went wrong: with a command, and with a login (see `troubleOf`). */
export type BackOffRanges = Readonly<Record<'command' | 'crowded' | 'silent' | 'refused', BackOffRange>>;

/** The usual pauses. */
export const backOffRanges = {
  /** A command that the BMC had no time for: it mostly has a moment later. */
  command: { baseMs: 250, capMs: 5000 },
  /** No free session: one ends after 60 s at the latest. IPMI 2.0 §6.12.15 */
  crowded: { baseMs: 1000, capMs: 20_000 },
  silent: { baseMs: 5000, capMs: 120_000 },
  /** Nothing gets better by itself, so it is only looked at now and then. */
  refused: { baseMs: 60_000, capMs: 300_000 },
} as const satisfies BackOffRanges;

/**
 * The next pause in milliseconds: anything between the base and three times the pause before, at most the cap ("decorrelated jitter", so
 * that many machines which failed together do not come back together). `chance` is from 0 to 1.
 */
export function nextBackOff(range: BackOffRange, previousMs: number | undefined, chance: number): number {
  const upper = (previousMs ?? range.baseMs) * 3;
  return Math.min(range.capMs, Math.round(range.baseMs + chance * Math.max(0, upper - range.baseMs)));
}

/** A number from 0 to 1 (without 1). */
export function chanceOf(random: RandomBytes): number {
  const [high = 0, low = 0] = random(2);
  return (high * 256 + low) / 65_536;
}

/** What a failed login means for the next one; `final`: nothing was sent, and nothing is to be waited for. */
export type LoginTrouble = 'crowded' | 'silent' | 'refused' | 'final';

/** Sorts the errors of a login. */
export function troubleOf(code: IpmiErrorCode): LoginTrouble {
  switch (code) {
    case 'busy':
    case 'out-of-sessions':
      return 'crowded';
    case 'unreachable':
    case 'no-answer':
    case 'bad-reply':
    case 'bmc-not-genuine':
    case 'closed':
      return 'silent';
    case 'auth-failed':
    case 'suite-refused':
    case 'privilege':
    case 'command-failed':
      return 'refused';
    case 'bad-target':
    case 'locked-out':
      return 'final';
    default:
      return assertNever(code, 'error code');
  }
}

/** "Node busy", the one code by which a BMC says that it did not begin. IPMI 2.0 §5.2, table 5-2 */
const nodeBusy = 0xc0;

/** True when the same command may be sent again after a pause: the BMC is busy, and for a `once` command says that it did not begin. */
export function mayAskAgain(error: unknown, once: boolean): boolean {
  if (!(error instanceof IpmiError) || error.code !== 'busy') return false;
  return !once || error.data['completionCode'] === nodeBusy;
}

/** True when an error means that the session is gone. */
export function isSessionLoss(error: unknown): boolean {
  if (!(error instanceof IpmiError) || error.data['mayHaveRun'] === true) return false;
  return ['no-answer', 'closed', 'unreachable', 'bmc-not-genuine'].includes(error.code);
}
