/** When progress was last told; `at` in ms. */
export interface Told {
  readonly bytes: number;
  readonly at: number;
}

/** Least time between two events: a loader that is fetched in a tenth of a second needs none. */
const leastMs = 100;
const usualMs = 500;

/** True when progress is worth an event: half a second has passed, or another tenth of the file has arrived. */
export function worthTelling(told: Told, now: Told, total: number): boolean {
  if (now.bytes === told.bytes) return false;
  const passed = now.at - told.at;
  return passed >= usualMs || (passed >= leastMs && (now.bytes - told.bytes) * 10 >= total);
}
