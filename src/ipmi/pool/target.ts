import type { IpmiTiming } from '../session/timing.ts';
import type { BmcTarget } from '../types.ts';

/** How a BMC wants to be treated beside what its login needs; a profile tells (`targetOptionsOf`). */
export interface BmcTuning {
  readonly timing?: Partial<IpmiTiming>;
  /** Between two commands. Default 0. */
  readonly gapMs?: number;
  /** How long an unused session stays open. Default: of the pool. */
  readonly idleMs?: number;
  /** The session stays open until the pool needs its socket; for BMCs with sessions to spare. Default: of the pool. */
  readonly keepOpen?: boolean;
}

/** Where a BMC is, how to log in, and how to treat it. */
export interface PoolTarget extends BmcTarget {
  readonly tuning?: BmcTuning;
}

/** True when a session of one serves for the other: nothing of address, credentials and treatment differs. */
export function isSameTarget(a: PoolTarget, b: PoolTarget): boolean {
  return a === b || JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

const sorted = (target: PoolTarget): ReadonlyArray<readonly [string, unknown]> =>
  Object.entries(target)
    .filter(([, value]) => value !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
