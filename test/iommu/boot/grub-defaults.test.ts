import { describe, expect, it } from 'vitest';
import {
  addToGrubDefaults,
  type GrubDefaults,
  readGrubDefaults,
  removeFromGrubDefaults,
} from '../../../src/iommu/boot/grub-defaults.ts';
import { bare, concatenated, conditional, continued, debian, files, rhel7 } from './grub-files.ts';

const intel = ['intel_iommu=on', 'iommu=pt'];

function readable(
  text: string,
  dropIns: readonly (readonly [string, string])[] = [],
): GrubDefaults & { kind: 'readable' } {
  const defaults = readGrubDefaults(text, dropIns);
  if (defaults.kind !== 'readable') throw new Error(defaults.why);
  return defaults;
}
const add = (text: string, words: readonly string[] = intel): string =>
  addToGrubDefaults(readable(text), words);
const remove = (text: string, words: readonly string[] = intel): string =>
  removeFromGrubDefaults(readable(text), words);

describe('adding', () => {
  it.each([
    [
      'Debian',
      debian,
      'GRUB_CMDLINE_LINUX_DEFAULT="quiet"',
      'GRUB_CMDLINE_LINUX_DEFAULT="quiet intel_iommu=on iommu=pt"',
    ],
    ['RHEL, with one variable', rhel7, 'rhgb quiet"', 'rhgb quiet intel_iommu=on iommu=pt"'],
    [
      'several lines and a comment',
      continued,
      'console=ttyS0,115200n8"   # both',
      'console=ttyS0,115200n8 intel_iommu=on iommu=pt"   # both',
    ],
    ['a bare word', bare, '=quiet\n', '="quiet intel_iommu=on iommu=pt"\n'],
    ['the last of several', concatenated, ' splash"', ' splash intel_iommu=on iommu=pt"'],
    ['an empty value', 'GRUB_CMDLINE_LINUX=""\n', '""', '"intel_iommu=on iommu=pt"'],
    ['nothing at all', 'GRUB_CMDLINE_LINUX=\n', '=\n', '="intel_iommu=on iommu=pt"\n'],
    ['single quotes', "GRUB_CMDLINE_LINUX='a b'\n", "b'", "b intel_iommu=on iommu=pt'"],
    ['a value with a space at its end', 'GRUB_CMDLINE_LINUX="a "\n', 'a "', 'a intel_iommu=on iommu=pt"'],
    ['quoted and bare pieces', 'GRUB_CMDLINE_LINUX="a "b\n', '"a "b', '"a "b" intel_iommu=on iommu=pt"'],
    [
      'lines that end as on Windows',
      'GRUB_CMDLINE_LINUX="a"\r\n',
      '"a"\r\n',
      '"a"\r" intel_iommu=on iommu=pt"\n',
    ],
  ])('%s', (_name, text, from, to) => {
    expect(text).toContain(from);
    expect(add(text)).toBe(text.replace(from, to));
  });

  it('a missing line comes at the end', () => {
    expect(add('GRUB_TIMEOUT=5\n')).toBe('GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX="intel_iommu=on iommu=pt"\n');
    expect(add('#GRUB_CMDLINE_LINUX="x"\n')).toContain('#GRUB_CMDLINE_LINUX="x"\nGRUB_CMDLINE_LINUX="intel');
  });

  it('with conditions in the file the line comes at the end, where it counts in any case', () => {
    expect(add(conditional)).toBe(
      `${conditional}GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX intel_iommu=on iommu=pt"\n`,
    );
  });

  it('goes to the variable that drop-ins leave alone', () => {
    const cloud: readonly [string, string] = [
      '/etc/default/grub.d/50-cloudimg-settings.cfg',
      'GRUB_CMDLINE_LINUX_DEFAULT="console=ttyS0"\n',
    ];
    expect(readable(debian, [cloud]).variable).toBe('GRUB_CMDLINE_LINUX');
    expect(readable(debian, [cloud]).words).toContain('console=ttyS0');
    const kind: readonly [string, string] = [
      '/etc/default/grub.d/60-more.cfg',
      'GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT a"\n',
    ];
    expect(readable(debian, [kind]).variable).toBe('GRUB_CMDLINE_LINUX_DEFAULT');
    const rude: readonly [string, string] = ['/etc/default/grub.d/70-rude.cfg', 'GRUB_CMDLINE_LINUX="b"\n'];
    expect(readGrubDefaults(debian, [cloud, rude]).kind).toBe('unreadable');
  });
});

describe('removing', () => {
  it.each(files.map((text) => [text]))('takes out what was added: %j', (text) => {
    const after = remove(add(text));
    expect(readable(after).words).not.toContain('intel_iommu=on');
    expect(readable(after).words).toEqual(readable(text).words);
    // A bare word keeps the quotes that it got, and a variable that was missing stays, empty.
    if (text !== bare && text !== '') expect(after).toBe(text);
  });

  it("leaves a person's own parameters, and words that only look alike", () => {
    const text = 'GRUB_CMDLINE_LINUX="iommu=pt quiet intel_iommu=on,sm_on xiommu=pt"\n';
    expect(remove(text, ['intel_iommu=on'])).toBe(text);
    expect(remove(text, ['iommu=pt'])).toBe('GRUB_CMDLINE_LINUX="quiet intel_iommu=on,sm_on xiommu=pt"\n');
  });
});

it.each([
  ['an open quote', 'GRUB_CMDLINE_LINUX="quiet\nGRUB_TIMEOUT=5\n'],
  ['a here-document', 'cat <<EOF\nGRUB_CMDLINE_LINUX="x"\nEOF\n'],
  ['an open substitution', 'GRUB_DISTRIBUTOR=$(echo a\n'],
  ['a name that goes on in the next line', 'GRUB_CMDLINE_\\\nLINUX="x"\n'],
  ['an assignment inside an expansion', 'A=${GRUB_CMDLINE_LINUX:=x}\n'],
  ['bytes that are no UTF-8', 'GRUB_CMDLINE_LINUX="\uFFFD"\n'],
])('does not touch a file with %s', (_what, text) => {
  expect(readGrubDefaults(text, []).kind).toBe('unreadable');
});
