import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HostCfgError, shellQuote } from '../../src/hostcfg/index.ts';
import { kickstartQuote } from '../../src/hostcfg/quote.ts';
import { cases } from '../support/cases.ts';
import { shlexSplit, splitLines } from '../support/kickstart-check.ts';
import { needTools } from '../support/need.ts';
import { shells, shellTools } from '../support/shells.ts';

const nasty = fc.constantFrom(
  "'",
  '"',
  '\\',
  '$(id)',
  '`id`',
  '${HOME}',
  '#',
  '%end',
  '!',
  '*',
  ' ',
  ';',
  '&',
  '~',
  '-',
  '=',
  '',
);
const texts = fc
  .array(fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 6 })
  .map((parts) => parts.join(''));
const unquotable = /[\p{Cc}\p{Cs}\u2028\u2029]/u;
const quotable = texts.filter((text) => !unquotable.test(text));

describe('shellQuote', () => {
  it('leaves plain words alone and is one line for any text it takes', () => {
    expect(shellQuote('http://192.0.2.1:8081/a_b-c,d=e')).toBe('http://192.0.2.1:8081/a_b-c,d=e');
    expect(shellQuote('')).toBe("''");
    expect(shellQuote("it's")).toBe(`'it'\\''s'`);
    fc.assert(
      fc.property(quotable, (text) => splitLines(shellQuote(text)).length === 1),
      { numRuns: cases(20_000) },
    );
  });

  it('refuses whatever any reader takes for a line end', () => {
    for (const text of [
      'a\nb',
      'a\rb',
      'a\0b',
      'a\x1bb',
      'a\x85b',
      'a\u2028b',
      'a\u2029b',
      'a\ud800b',
      '\x7f',
    ]) {
      expect(() => shellQuote(text)).toThrow(HostCfgError);
    }
    fc.assert(
      fc.property(
        texts.filter((text) => unquotable.test(text)),
        (text) => {
          expect(() => shellQuote(text)).toThrow(HostCfgError);
        },
      ),
      { numRuns: cases(2000) },
    );
  });
});

describe.skipIf(!needTools(...shellTools))('shellQuote in real shells', () => {
  it.each(shells)('%s reads the word back', (_name, ...command) => {
    const [program = '', ...options] = command;
    fc.assert(
      fc.property(fc.array(quotable, { minLength: 100, maxLength: 200 }), (list) => {
        // One word a line, so that a word that broke out would also be seen as an extra line or argument.
        const script = `${list.map((text) => `printf '%s\\n' ${shellQuote(text)}`).join('\n')}\n`;
        const shell = spawnSync(program, [...options, '-c', script], {
          encoding: 'utf8',
          env: { PATH: '/usr/bin:/bin' },
        });
        expect(shell.stderr).toBe('');
        expect(shell.stdout).toBe(list.map((text) => `${text}\n`).join(''));
      }),
      { numRuns: 20 },
    );
  });
});

describe.skipIf(!needTools({ tool: 'python3', package: 'python3' }))('kickstartQuote', () => {
  it('is read back by the tokenizer that pykickstart uses, and our copy of it agrees', () => {
    const words = fc.sample(quotable, { numRuns: 5000, seed: 11 });
    const lines = words.map((word) => `vnc --password=${kickstartQuote(word)} last`);
    const program =
      'import json,shlex,sys\nprint(json.dumps([shlex.split(line, comments=True) for line in json.load(sys.stdin).splitlines()]))';
    const python = spawnSync('python3', ['-c', program], {
      input: JSON.stringify(lines.join('\n')),
      encoding: 'utf8',
      maxBuffer: 64 << 20,
    });
    const expected = words.map((word) => ['vnc', `--password=${word}`, 'last']);
    expect(JSON.parse(python.stdout)).toEqual(expected);
    expect(lines.map(shlexSplit)).toEqual(expected);
  });

  it('our copy of the tokenizer agrees on any line', () => {
    const lines = fc.sample(
      fc
        .array(fc.constantFrom("'", '"', '\\', '#', ' ', 'a', '=', '\t', '-'), { maxLength: 12 })
        .map((parts) => parts.join('')),
      { numRuns: 3000, seed: 12 },
    );
    const program = `import json,shlex,sys
def split(line):
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return None
print(json.dumps([split(line) for line in json.load(sys.stdin)]))`;
    const python = spawnSync('python3', ['-c', program], { input: JSON.stringify(lines), encoding: 'utf8' });
    const ours = lines.map((line) => {
      try {
        return shlexSplit(line);
      } catch {
        return null;
      }
    });
    expect(ours).toEqual(JSON.parse(python.stdout));
  });
});
