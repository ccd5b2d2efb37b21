import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addToGrubDefaults,
  type GrubDefaults,
  readGrubDefaults,
  removeFromGrubDefaults,
} from '../../../src/iommu/boot/grub-defaults.ts';
import { missingParameters, splitWords } from '../../../src/iommu/boot/parameters.ts';
import { cases } from '../../support/cases.ts';
import { needTools } from '../../support/need.ts';
import { shellTools, temporaryFolder } from '../../support/shells.ts';
import { files } from './grub-files.ts';

const pieces = [
  '"',
  "'",
  '\\',
  ' ',
  '\n',
  '\t',
  '#',
  ';',
  '$',
  '`',
  '$(',
  ')',
  '=',
  '\r',
  '\\\n',
  '${',
  '}',
  '<<',
  '|',
  'GRUB_CMDLINE_LINUX=',
  'GRUB_CMDLINE_LINUX_DEFAULT="',
  'intel_iommu=on',
  'iommu=pt',
  ' export ',
  'if true; then\n',
  'fi\n',
  '\n}\n',
  'é',
];

/** Files of people with a few pieces put in, cut out or doubled anywhere. */
const mutated = fc
  .tuple(
    fc.constantFrom(...files),
    fc.array(fc.tuple(fc.nat(400), fc.nat(12), fc.constantFrom('', ...pieces)), {
      minLength: 1,
      maxLength: 6,
    }),
  )
  .map(([text, changes]) => {
    let out = text;
    for (const [at, length, piece] of changes) out = out.slice(0, at) + piece + out.slice(at + length);
    return out;
  });

const added = ['intel_iommu=on', 'iommu=pt'];

/** The lines of `part` stand in `whole` in this order. */
function isWithin(part: readonly string[], whole: readonly string[]): boolean {
  let at = 0;
  for (const line of whole) if (at < part.length && line === part[at]) at += 1;
  return at === part.length;
}

/** The file with the parameters, and with them taken out again. */
function roundTrip(defaults: GrubDefaults & { kind: 'readable' }): { after: string; back: string } {
  const after = addToGrubDefaults(defaults, added);
  const again = readGrubDefaults(after, []);
  if (again.kind === 'unreadable') throw new Error(again.why);
  return { after, back: removeFromGrubDefaults(again, added) };
}

it('mutated files are refused, or keep every line but the one that is edited', { timeout: 300_000 }, () => {
  let edited = 0;
  fc.assert(
    fc.property(mutated, (text) => {
      const defaults = readGrubDefaults(text, []);
      if (defaults.kind === 'unreadable') return;
      edited += 1;
      const after = addToGrubDefaults(defaults, added);
      const before = text.split('\n');
      const lines = after.split('\n');
      const first = before.findIndex((line, index) => line !== lines[index]);
      expect(
        isWithin(
          before.filter((_, index) => index !== first),
          lines,
        ),
      ).toBe(true);
      expect(lines.length).toBeLessThanOrEqual(before.length + 3);

      const again = readGrubDefaults(after, []);
      if (again.kind === 'unreadable') throw new Error(again.why);
      expect(missingParameters('intel', again.words)).toEqual([]);
      const back = removeFromGrubDefaults(again, added);
      const restored = readGrubDefaults(back, []);
      expect(restored.kind).toBe('readable');
    }),
    { numRuns: cases(100_000) },
  );
  expect(edited).toBeGreaterThan(500);
});

describe.skipIf(!needTools(...shellTools))('as a shell reads it', () => {
  let folder = '';
  beforeAll(() => {
    folder = temporaryFolder();
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** What `/etc/default/grub` means to the generator: no program can be found, and there is a limit on time. */
  const script = `cd "$1" || exit 1
i=0
while [ -e "f$i" ]; do
  ( . "./f$i" >/dev/null 2>&1 </dev/null || :
    printf '%s\\037' "$REACHED" "$GRUB_CMDLINE_LINUX_DEFAULT" "$GRUB_CMDLINE_LINUX" ) 2>/dev/null
  printf '\\036'
  i=$((i + 1))
done
`;

  function meanings(shell: readonly string[], texts: readonly string[]): readonly string[] {
    // The same folder each time: a mutation may expand to its path.
    const place = join(folder, 'files');
    rmSync(place, { recursive: true, force: true });
    mkdirSync(place);
    for (const [index, text] of texts.entries())
      writeFileSync(join(place, `f${index}`), `${text}\n\nREACHED=ok\n`);
    const [program = '', ...options] = shell;
    const result = spawnSync(program, [...options, '-c', script, 'sh', place], {
      env: { PATH: '/nonexistent' },
      timeout: 120_000,
      maxBuffer: 1 << 28,
    });
    if (result.error !== undefined) throw result.error;
    return result.stdout.toString().split('\u001e');
  }

  /** The words of both variables. */
  const said = (meaning = ''): readonly string[] => splitWords(meaning.split('\u001f').slice(1).join(' '));

  it.each([
    ['dash', ['/bin/dash']],
    ['bash', ['/bin/bash', '--norc', '--posix']],
  ])('%s: the variable has its words as before, and the new ones behind them', (_name, shell) => {
    const texts = fc
      .sample(mutated, { numRuns: 600, seed: 4 })
      .concat(files)
      .flatMap((text) => {
        const defaults = readGrubDefaults(text, []);
        return defaults.kind === 'readable' ? [{ defaults, text, ...roundTrip(defaults) }] : [];
      });
    const before = meanings(
      shell,
      texts.map(({ text }) => text),
    );
    const after = meanings(
      shell,
      texts.map(({ after: text }) => text),
    );
    const back = meanings(
      shell,
      texts.map(({ back: text }) => text),
    );
    let compared = 0;
    for (const [index, { defaults, text }] of texts.entries()) {
      const old = before[index] ?? '';
      // A file that this shell does not read to its end has no meaning to keep.
      if (!old.startsWith('ok')) continue;
      compared += 1;
      const [, normal = '', all = ''] = old.split('\u001f');
      const end =
        defaults.variable === 'GRUB_CMDLINE_LINUX_DEFAULT' ? [normal, added, all] : [normal, all, added];
      const words = (parts: readonly (string | readonly string[])[]): readonly string[] =>
        parts.flatMap((part) => (typeof part === 'string' ? splitWords(part) : part));
      const now = said(after[index]);
      expect({ text, words: now }).toEqual({ text, words: words(end) });
      expect({ text, words: said(back[index]) }).toEqual({ text, words: said(old) });
    }
    expect(compared).toBeGreaterThan(100);
  });
});
