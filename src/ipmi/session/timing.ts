/** How long to wait. All in milliseconds. */
export interface IpmiTiming {
  /** Time to each repetition; the last one holds for all later ones. Grows, because a loaded BMC answers slower the more it is asked. */
  readonly retryMs: readonly number[];
  /** For login, and for each command: then it has failed. Some boards need several seconds for a power command. */
  readonly deadlineMs: number;
  /** For one try of power-up or power-down, which are looked after with Get Chassis Status instead of being repeated blindly. */
  readonly powerTryMs: number;
  /** For Close Session: the BMC drops idle sessions after 60 s anyway (IPMI 2.0 §6.12.15). */
  readonly closeMs: number;
}

export const defaultTiming: IpmiTiming = {
  retryMs: [500, 1000, 2000, 4000],
  deadlineMs: 15_000,
  powerTryMs: 5000,
  closeMs: 1000,
};

/** Wait after the `sends`-th transmission, cut at the deadline. */
export function waitAfter(
  retryMs: readonly number[],
  sends: number,
  now: number,
  deadlineAt: number,
): number {
  const wait = retryMs[Math.min(sends, retryMs.length) - 1] ?? deadlineAt - now;
  return Math.max(0, Math.min(wait, deadlineAt - now));
}
