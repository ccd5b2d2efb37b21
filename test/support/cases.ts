/** Number of random cases: all of them in CI, a quick sample on a laptop. */
export const cases = (full: number): number => (process.env['CI'] === 'true' ? full : Math.min(full, 2000));
