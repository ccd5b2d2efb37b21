import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { PxeError } from '../../../src/pxe/errors.ts';
import { consoleText, scriptArgument } from '../../../src/pxe/ipxe/escape.ts';
import { cases } from '../../support/cases.ts';

/** What iPXE makes of a line: words at white space, commands at || && ; and nothing after a word with # in front. */
function ipxeWords(line: string): string[] {
  const words: string[] = [];
  for (const word of line.split(/[ \t\r\n\f\v]+/).filter((w) => w !== '')) {
    if (word.startsWith('#') || word === '||' || word === '&&' || word === ';') return [...words, 'STOP'];
    words.push(word);
  }
  return words;
}

/** How Linux cuts its command line: at spaces outside double quotes, which it takes away (lib/cmdline.c next_arg). */
function kernelArguments(line: string): string[] {
  return (line.match(/(?:[^\s"]|"[^"]*")+/g) ?? []).map((word) => word.replaceAll('"', ''));
}

const hostile = fc.array(
  fc.oneof(
    fc.constantFrom(
      '$',
      '{',
      '}',
      '#',
      ';',
      '&&',
      '||',
      ' ',
      '\n',
      '\t',
      '"',
      "'",
      '\\',
      '=',
      'a',
      'x=1',
      'init=/bin/sh',
      '\0',
      'é',
    ),
    fc.string({ maxLength: 3 }),
  ),
  { maxLength: 8 },
);

/** The argument as written; undefined when it was refused with the error that is meant for it. */
function unlessRefused(argument: string): string | undefined {
  try {
    return scriptArgument(argument);
  } catch (error) {
    if (error instanceof PxeError && error.code === 'bad-boot-argument') return undefined;
    throw error;
  }
}

it('an argument that is taken reaches the kernel as exactly one argument with the same text', () => {
  let taken = 0;
  fc.assert(
    fc.property(hostile, (parts) => {
      const argument = parts.join('');
      const word = unlessRefused(argument);
      if (word === undefined) return;
      taken += 1;
      expect(word).not.toMatch(/\$\{|[^\x20-\x7e]/);
      const words = ipxeWords(`kernel url before ${word} after`);
      expect(words).not.toContain('STOP');
      // iPXE joins the words again with one space each.
      const line = words.slice(2).join(' ');
      expect(line).toBe(`before ${word} after`);
      expect(kernelArguments(line)).toEqual(['before', argument.replaceAll('"', ''), 'after']);
    }),
    { numRuns: cases(100_000) },
  );
  expect(taken).toBeGreaterThan(100);
}, 60_000);

it.each([
  ['console=ttyS0,115200', 'console=ttyS0,115200'],
  ['inst.ks=http://192.0.2.1:8081/boot/ab/ks.cfg', 'inst.ks=http://192.0.2.1:8081/boot/ab/ks.cfg'],
  ['note=rack 4 slot 7', 'note="rack 4 slot 7"'],
  ['note="rack 4"', 'note="rack 4"'],
  ['quiet', 'quiet'],
  ['a#b;c&&d', 'a#b;c&&d'],
  ['price=$5', 'price=$5'],
  ['x= a ', 'x=" a "'],
])('writes %j as %j', (argument, written) => {
  expect(scriptArgument(argument)).toBe(written);
});

it.each([
  '',
  ' ',
  'x=${net0/mac}',
  'a b',
  'x=a  b',
  'x="a',
  'a"b',
  '#comment',
  ';',
  '&&',
  '||',
  'x=a && reboot',
  'x=a ; reboot',
  'x=a #b',
  'x=a\nreboot',
  'x=a\treboot',
  'x="a" init=/bin/sh',
  'x="a b" "c',
  'host=näme',
  'x=a\0',
])('refuses %j', (argument) => {
  expect(() => scriptArgument(argument)).toThrow(PxeError);
});

it('does not show the value of a refused argument', () => {
  expect(() => scriptArgument('inst.ks=http://h/boot/SECRETTOKEN/ks.cfg x')).not.toThrow();
  expect(() => scriptArgument('inst.ks=http://h/boot/SECRETTOKEN/\n')).toThrow(/^(?!.*SECRET).*inst\.ks/);
  expect(() => scriptArgument('http://h/boot/SECRETTOKEN/\n')).toThrow(/^(?!.*SECRET)/);
});

it('console text can hold nothing that iPXE would act on', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        hostile.map((p) => p.join('')),
      ),
      (text) => {
        const shown = consoleText(text);
        expect(shown).toMatch(/^[A-Za-z0-9 .,:_/()@+=?-]{0,200}$/);
        expect(ipxeWords(`echo Rackwright: ${shown}`)).not.toContain('STOP');
      },
    ),
    { numRuns: cases(20_000) },
  );
  expect(consoleText('install  web-04\n(52:54:00:12:34:56)')).toBe('install web-04 (52:54:00:12:34:56)');
  expect(consoleText('${x} && reboot')).toBe('??x? ?? reboot');
  expect(consoleText('x'.repeat(500)).length).toBe(200);
});
