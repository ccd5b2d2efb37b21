import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  changeCommandLine,
  changeEntry,
  commandLineWords,
  entryWords,
} from '../../../src/iommu/boot/command-line-files.ts';
import { cases } from '../../support/cases.ts';

const add = { add: ['intel_iommu=on', 'iommu=pt'], remove: [] };
const remove = { add: [], remove: ['intel_iommu=on', 'iommu=pt'] };

describe('/etc/kernel/cmdline', () => {
  it.each([
    ['root=UUID=1 ro quiet\n', 'root=UUID=1 ro quiet intel_iommu=on iommu=pt\n'],
    ['# ours\nroot=UUID=1  ro \n', '# ours\nroot=UUID=1  ro intel_iommu=on iommu=pt \n'],
    ['\n', '\nintel_iommu=on iommu=pt\n'],
  ])('%j', (before, after) => {
    expect(changeCommandLine(before, add)).toBe(after);
    expect(commandLineWords(changeCommandLine(after, remove))).toEqual(commandLineWords(before));
  });
});

describe('a boot entry', () => {
  const entry =
    'title Linux\nversion 6.1\noptions root=/dev/sda1 ro\noptions quiet\nlinux /vmlinuz\ninitrd /initrd\n';

  it('has its last options line changed, and all of them for removal', () => {
    expect(changeEntry(entry, add)).toBe(entry.replace('quiet', 'quiet intel_iommu=on iommu=pt'));
    expect(changeEntry(changeEntry(entry, add), remove)).toBe(entry);
    expect(entryWords(entry)).toEqual(['root=/dev/sda1', 'ro', 'quiet']);
  });

  it('gets an options line when it has none, and is left alone when it starts no Linux', () => {
    expect(changeEntry('title x\nlinux /v\n', add)).toBe(
      'title x\nlinux /v\noptions intel_iommu=on iommu=pt\n',
    );
    const memtest = 'title Memory test\nefi /memtest.efi\n';
    expect(changeEntry(memtest, add)).toBe(memtest);
    expect(entryWords(memtest)).toBeUndefined();
  });
});

it("removing what was added leaves a person's words in their order", () => {
  const word = fc.constantFrom(
    'ro',
    'quiet',
    'console=ttyS0',
    'iommu=pt2',
    'xintel_iommu=on',
    'root=/dev/sda1',
  );
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1, maxLength: 8 }),
      fc.constantFrom(' ', '  ', '\t'),
      (words, space) => {
        const text = `${words.join(space)}\n`;
        expect(changeCommandLine(changeCommandLine(text, add), remove)).toBe(text);
        const entry = `linux /v\noptions ${text}`;
        expect(changeEntry(changeEntry(entry, add), remove)).toBe(entry);
      },
    ),
    { numRuns: cases(10_000) },
  );
});
