import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { PlatformError } from '../../src/platform/errors.ts';
import { taggableTypes } from '../../src/platform/model.ts';
import { patternOf, readSystemTag } from '../../src/platform/tag-patterns.ts';
import { cases } from '../support/cases.ts';

const names = [
  'validationOnly',
  'skipIpmiCheck',
  'bootMac',
  'bootMode',
  'reservedMemory',
  'usbRedirect',
  'pciRom',
];
const values = ['true', 'FALSE', 'uefi', '52-54-00-AB-cd-ef', '1g', '', '::', '{"a":"b::c"}', ' '];
const texts = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc
    .tuple(fc.constantFrom(...names, 'pciRomUuid', 'instanceOfferingUserConfig'), fc.constantFrom(...values))
    .map(([name, value]) => `${name}::${value}`),
);

it('reads any text to a tag in one spelling, or refuses it by name', () => {
  let read = 0;
  fc.assert(
    fc.property(fc.constantFrom(...taggableTypes), texts, (type, text) => {
      try {
        const first = readSystemTag('tag', type, text);
        read += 1;
        expect(readSystemTag('tag', type, first.text)).toEqual(first);
        expect(patternOf(first.text)).toBe(first.pattern);
      } catch (error) {
        expect(error).toBeInstanceOf(PlatformError);
        expect(error).toMatchObject({ code: 'invalid-argument', data: { parameter: 'tag' } });
      }
    }),
    { numRuns: cases(20_000) },
  );
  expect(read).toBeGreaterThan(0);
});

it('quotes a long text only in part', () => {
  const refusal = (): unknown => readSystemTag('tag', 'ZoneVO', `x${'y'.repeat(2000)}`);
  expect(refusal).toThrow(/^tag: "xy{79}\.\.\." is no system tag of ZoneVO/);
});

it('knows no tag by a name that every object has', () => {
  for (const name of ['toString', 'constructor', '__proto__']) {
    expect(patternOf(`${name}::1`)).toBeUndefined();
    expect(() => readSystemTag('tag', 'ZoneVO', name)).toThrow(PlatformError);
  }
});
