import { expect, it } from 'vitest';
import { Slab } from '../../src/base/slab.ts';

it("gives zero bytes that are nobody else's, of any length", () => {
  const slab = new Slab();
  const taken = Array.from({ length: 3000 }, (_, n) => slab.take([0, 1, 300, 65_536, 70_000][n % 5] ?? 0));
  for (const [n, bytes] of taken.entries()) {
    expect(bytes.length).toBe([0, 1, 300, 65_536, 70_000][n % 5]);
    if (n < 50) expect(bytes.every((byte) => byte === 0)).toBe(true);
    bytes.fill(n & 255);
  }
  for (const [n, bytes] of taken.entries())
    expect([bytes[0], bytes.at(-1)]).toEqual(
      bytes.length === 0 ? [undefined, undefined] : [n & 255, n & 255],
    );
});
