/** When progress was last told. `at` is in ms. */
export interface Told {
  readonly bytes: number;
  readonly at: number;
}

/** True when progress is worth an event: another 5 % of the total, or a second since the last one. */
export function worthTelling(
  told: Told,
  now: { readonly bytes: number; readonly at: number },
  total: number,
): boolean {
  if (now.bytes === told.bytes) return false;
  return (now.bytes - told.bytes) * 20 >= total || now.at - told.at >= 1000;
}
