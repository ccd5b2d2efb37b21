import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { linesOf, maxLineBytes } from '../../../src/console/record/lines.ts';
import { cases } from '../../support/cases.ts';

const texts = (output: string): string[] => linesOf(Buffer.from(output), 0).map(({ text }) => text);

it.each([
  ['line ends of all kinds', 'a\nb\r\nc\r\r\nd\n\re', ['a', 'b', 'c', 'd', 'e']],
  ['empty lines', 'a\n\nb\n', ['a', '', 'b']],
  ['colours and titles', '\x1b[1;31mred\x1b[0m \x1b]0;title\x07plain \x1b]2;t\x1b\\x\x1b(B', ['red plain x']],
  ['a cursor that is set elsewhere', '\x1b[2J\x1b[1;1HBoot Menu\x1b[3;5HUEFI PXE', ['Boot Menu', 'UEFI PXE']],
  [
    'a cursor that goes up and down',
    'one\x1b[Btwo\x1b[2Athree\x1b[Efour\x1b[Ffive\x1b[7dsix',
    ['one', 'two', 'three', 'four', 'five', 'six'],
  ],
  ['a cursor that stays in its line', 'a\x1b[3Cb\x1b[Kc\x1b[2Gd', ['abcd']],
  ['a spinner and a typing error', '-\b\\\b|\b done, lz\bs', [' done, ls']],
  ['UTF-8, and bytes that are none', 'für \u4e2d\xff'.replace('\xff', '\u0085'), ['für \u4e2d']],
  [
    'tabs, bells, and what turns a line around or breaks it',
    'a\tb\x07\x00\u202ec\u2028d\u2029\u2066e',
    ['a bcde'],
  ],
  ['a title that a reset cut off', '\x1b]0;broken\nBIOS', ['', 'BIOS']],
  ['a control sequence that a reset cut off', '\x1b[12\nBIOS', ['', 'BIOS']],
])('understands %s', (_, output, expected) => {
  expect(texts(output)).toEqual(expected);
});

it('marks what was printed over', () => {
  const lines = linesOf(Buffer.from('10%\r\x1b[K20%\r30%\r\nnext'), 100);
  expect(lines).toEqual([
    { offset: 100, text: '10%', isOverwritten: true },
    { offset: 107, text: '20%', isOverwritten: true },
    { offset: 111, text: '30%', isOverwritten: false },
    { offset: 116, text: 'next', isOverwritten: false },
  ]);
});

it('property: any bytes give lines in order that stay short and have no control characters', () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 50 }),
    fc
      .constantFrom('\x1b[', '\x1b]', '\r', '\n', '\x1b[1;1H', 'word ', '\b', '\u202e', '\u2028', '\u009b')
      .map((text) => Buffer.from(text)),
    fc.integer({ min: 1, max: 9000 }).map((length) => Buffer.alloc(length, 'x')),
  );
  fc.assert(
    fc.property(fc.array(noise, { maxLength: 30 }), (parts) => {
      const bytes = Buffer.concat(parts);
      let last = -1;
      for (const { offset, text } of linesOf(bytes, 0)) {
        expect(offset).toBeGreaterThan(last);
        expect(offset).toBeLessThan(bytes.length);
        expect(text.length).toBeLessThanOrEqual(maxLineBytes);
        expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        last = offset;
      }
    }),
    { numRuns: cases(3000) },
  );
});
