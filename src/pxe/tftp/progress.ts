/** When progress was last told; `at` in ms. */
export interface Told {
  readonly bytes: number;
  readonly at: number;
}

/** Least time between two events: a loader that is fetched in a tenth of a second needs none. */
const leastMs = 100;
const usualMs = 500;

/** True when progress, `bytes` at the time `at`, is worth an event: half a second has passed, or another tenth of the file has arrived. */
export function worthTelling(told: Told, bytes: number, at: number, total: number): boolean {
  const passed = at - told.at;
  if (passed < leastMs || bytes === told.bytes) return false;
  return passed >= usualMs || (bytes - told.bytes) * 10 >= total;
}
