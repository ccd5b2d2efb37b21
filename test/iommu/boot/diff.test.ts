import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unifiedDiff } from '../../../src/iommu/boot/diff.ts';
import { needTools } from '../../support/need.ts';
import { temporaryFolder } from '../../support/shells.ts';

it('shows three lines of context', () => {
  const before = ['1', '2', '3', '4', 'old', '6', '7', '8', '9', ''].join('\n');
  expect(unifiedDiff('/etc/default/grub', before, before.replace('old', 'new'))).toBe(
    [
      '--- a/etc/default/grub',
      '+++ b/etc/default/grub',
      '@@ -2,7 +2,7 @@',
      ' 2',
      ' 3',
      ' 4',
      '-old',
      '+new',
      ' 6',
      ' 7',
      ' 8',
      '',
    ].join('\n'),
  );
});

it('is empty for the same text', () => {
  expect(unifiedDiff('/x', 'a\n', 'a\n')).toBe('');
});

describe.skipIf(!needTools({ tool: 'patch', package: 'patch' }))('patch', () => {
  let folder = '';
  beforeAll(() => {
    folder = temporaryFolder();
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', '', '-x', '+y', '@@'), { maxLength: 30 })
    .map((lines) => lines.map((l) => `${l}\n`).join(''));

  it('makes the new text of the old one', () => {
    mkdirSync(join(folder, 'etc'));
    const file = join(folder, 'etc/file');
    for (const [before, after] of fc.sample(fc.tuple(text, text), 60)) {
      if (before === after || before === '' || after === '') continue;
      writeFileSync(file, before);
      const result = spawnSync('patch', ['-p1', '--fuzz=0'], {
        cwd: folder,
        input: unifiedDiff('/etc/file', before, after),
      });
      expect(result.stdout.toString()).not.toContain('offset');
      expect(result.status).toBe(0);
      expect(readFileSync(file, 'utf8')).toBe(after);
    }
  });
});
