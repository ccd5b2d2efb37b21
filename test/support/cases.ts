/** What protocols take in CI; tests with fewer cases have slow ones. */
const usual = 100_000;
const wished = Number(process.env['CASES']);

/** Number of random cases: `full` in CI, a quick sample on a laptop; CASES in place of the usual 100,000. */
export function cases(full: number): number {
  if (wished > 0) return full < usual ? full : wished;
  return process.env['CI'] === 'true' ? full : Math.min(full, 2000);
}
