import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { toHex } from '../../../src/base/bytes.ts';
import { createIvSource } from '../../../src/ipmi/session/iv-source.ts';

it('gives 16 bytes each time, none of them twice', () => {
  const next = createIvSource(randomBytes);
  const ivs = Array.from({ length: 100 }, () => next());
  expect(ivs.every((iv) => iv.length === 16)).toBe(true);
  expect(new Set(ivs.map(toHex)).size).toBe(100);
});

it('leaves an IV alone that it gave out', () => {
  let drawn = 0;
  const next = createIvSource((length) => new Uint8Array(length).fill(++drawn));
  const first = next();
  for (let n = 0; n < 40; n++) next();
  expect(first).toEqual(new Uint8Array(16).fill(1));
});
