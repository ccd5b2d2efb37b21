import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { NetError } from '../../src/net/errors.ts';
import { quoteWords } from '../../src/net/shell-words.ts';
import { cases } from '../support/cases.ts';
import { splitLine } from '../support/fake-kvm-host-line.ts';

/** What a real shell makes of lines: each prints its arguments with NUL behind every one, and a line of its own behind all. */
function readByShell(lines: readonly string[]): string[][] {
  const script = lines.map((line) => `printf '%s\\0' ${line}\nprintf '\\n\\0'\n`).join('');
  const shell = spawnSync('sh', ['-s'], { input: script, maxBuffer: 64 * 1024 * 1024 });
  const words = shell.stdout.toString('utf8').split('\0').slice(0, -1);
  const read: string[][] = [[]];
  for (const word of words) {
    if (word === '\n') read.push([]);
    else read.at(-1)?.push(word);
  }
  return read.slice(0, -1);
}

const nasty = fc.constantFrom(
  "'",
  '"',
  '`',
  '$',
  '\\',
  '\n',
  ' ',
  '\t',
  '-',
  '--',
  '!',
  '*',
  '?',
  '~',
  '#',
  ';',
  '&',
  '|',
  '<',
  '>',
  '(',
  ')',
  '{',
  '}',
  '=',
  '%',
  '$(id)',
  '${x}',
  '\r',
  '',
  'é',
  '日',
  '🦀',
  '-rf',
  '/etc',
  "'\\''",
);
const word = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.array(nasty, { maxLength: 8 }).map((parts) => parts.join('')),
  )
  .filter((text) => !text.includes('\0') && text !== '\n' && Buffer.from(text).toString() === text);
const argv = fc.array(word, { minLength: 1, maxLength: 6 });

// Two thousand shells in CI.
it('gives a real shell exactly the arguments, whatever is in them', { timeout: 180_000 }, () => {
  fc.assert(
    fc.property(fc.array(argv, { minLength: 50, maxLength: 50 }), (all) => {
      expect(readByShell(all.map(quoteWords))).toEqual(all);
    }),
    { numRuns: Math.max(1, cases(100_000) / 50) },
  );
});

it('is read back by the splitter that fake hosts use', { timeout: 180_000 }, () => {
  fc.assert(
    fc.property(argv, (words) => {
      expect(splitLine(quoteWords(words))).toEqual(words);
    }),
    { numRuns: cases(100_000) },
  );
});

it('refuses NUL and an empty command, without quoting what it refuses', () => {
  for (const bad of [['virsh', 'pass\0word'], []]) {
    let caught: unknown;
    try {
      quoteWords(bad);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(NetError);
    expect((caught as NetError).code).toBe('invalid-argument');
    expect((caught as NetError).message).not.toContain('word');
  }
});

it('leaves plain words readable', () => {
  expect(quoteWords(['virsh', '-c', 'qemu:///system', 'list', 'my vm'])).toBe(
    "virsh -c qemu:///system list 'my vm'",
  );
});
