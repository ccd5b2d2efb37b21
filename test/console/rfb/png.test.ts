import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodePng } from '../../../src/console/rfb/png.ts';
import { cases } from '../../support/cases.ts';
import { readPng } from './read-png.ts';

const pictures = fc
  .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 20 }), fc.boolean())
  .chain(([width, height, isFlat]) => {
    const byte = isFlat ? fc.constantFrom(0, 0xaa) : fc.nat(255);
    const length = width * height * 3;
    return fc
      .array(byte, { minLength: length, maxLength: length })
      .map((rgb) => ({ width, height, rgb: Uint8Array.from(rgb) }));
  });

it('gives back every picture through a reader of its own', async () => {
  await fc.assert(
    fc.asyncProperty(pictures, async (picture) => {
      const { width, height, rgb } = readPng(await encodePng(picture));
      expect({ width, height }).toEqual({ width: picture.width, height: picture.height });
      expect(rgb.equals(picture.rgb)).toBe(true);
    }),
    { numRuns: cases(500) },
  );
});

it('makes a screen of text small', async () => {
  const [width, height] = [720, 400];
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < rgb.length; i += 3 * 97) rgb.fill(0xaa, i, i + 9);
  const png = await encodePng({ width, height, rgb });
  expect(png.length).toBeLessThan(rgb.length / 20);
});
