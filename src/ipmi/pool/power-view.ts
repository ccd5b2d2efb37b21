import { IpmiError, type IpmiErrorCode } from '../types.ts';

/** Whether a machine is on, as far as is known. Times in milliseconds since the epoch. */
export type PowerView =
  | { readonly kind: 'known'; readonly on: boolean /** Of the last look. */; readonly at: number }
  | { readonly kind: 'unknown'; readonly reason: UnknownReason; readonly since: number };

/** Why it is not known; `not-asked`: not looked at yet. */
export type UnknownReason = IpmiErrorCode | 'not-asked' | 'failed';

/** A view with what is needed to judge the next look. */
export interface PowerRecord {
  readonly view: PowerView;
  /** Failed looks since the last good one. */
  readonly failures: number;
}

/** Datagrams get lost and BMCs are slow at times: less than so many failures in a row tell nothing about the machine. */
const failuresUntilUnknown = 3;

/** Trouble that does not pass by itself. */
const lasting: readonly UnknownReason[] = [
  'locked-out',
  'auth-failed',
  'bad-target',
  'suite-refused',
  'privilege',
];

/** The record of a machine that is looked at from `at` on. */
export const notAsked = (at: number): PowerRecord => ({
  view: { kind: 'unknown', reason: 'not-asked', since: at },
  failures: 0,
});

/** The record after a look that told. */
export const afterLook = (on: boolean, at: number): PowerRecord => ({
  view: { kind: 'known', on, at },
  failures: 0,
});

/** The record after a look that failed; the reason changes with the trouble, the time since when does not. */
export function afterFailure(before: PowerRecord, error: unknown, at: number): PowerRecord {
  const { view } = before;
  const reason = error instanceof IpmiError ? error.code : 'failed';
  // A pool that leaves a BMC alone for a while has not asked it.
  const wasTried = !(error instanceof IpmiError) || error.data['notTried'] !== true;
  const failures = before.failures + (wasTried ? 1 : 0);
  if (view.kind === 'unknown' && view.reason !== 'not-asked')
    return { view: view.reason === reason ? view : { ...view, reason }, failures };
  if (!lasting.includes(reason) && failures < failuresUntilUnknown) return { view, failures };
  return { view: { kind: 'unknown', reason, since: at }, failures };
}

/** True when a person would call it another state. */
export function isChange(a: PowerView, b: PowerView): boolean {
  if (a.kind === 'known') return b.kind !== 'known' || a.on !== b.on;
  return b.kind === 'known' || a.reason !== b.reason;
}
