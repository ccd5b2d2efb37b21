/** What everything that reads bytes of strangers takes at least once before it counts as done. */
const all = 100_000;
const wished = Number(process.env['CASES']);
const inCi = process.env['CI'] === 'true';

/**
 * Number of random cases of a property that stands for all of `full`: a quick sample on a laptop, a tenth in CI, and `full` when CASES
 * is set, which is in place of 100,000 (`npm run fuzz`).
 */
export function cases(full: number): number {
  if (wished > 0) return full < all ? full : wished;
  const sample = Math.min(full, 2000);
  return inCi ? Math.max(sample, Math.ceil(full / 10)) : sample;
}

/** The same for the main test of a protocol that strangers speak to us (DHCP, TFTP, RMCP+, boot HTTP, API requests): all in CI too. */
export function protocolCases(): number {
  if (wished > 0) return wished;
  return inCi ? all : 2000;
}
