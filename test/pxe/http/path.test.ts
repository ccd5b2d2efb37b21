import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { artefacts, bootUrl, loaderNames, loaderUrl } from '../../../src/pxe/boot-files.ts';
import { maskToken, parseBootPath } from '../../../src/pxe/http/path.ts';
import { protocolCases } from '../../support/cases.ts';

const token = 'a1'.repeat(32);
const pathOf = (url: string): string => new URL(url).pathname;

it('reads every URL that the table builds', () => {
  for (const artefact of Object.values(artefacts)) {
    const url = bootUrl('http://192.0.2.1:8081', token, artefact);
    expect(parseBootPath(pathOf(url))).toEqual({ kind: 'artefact', token, artefact });
    expect(parseBootPath(url)).toEqual({ kind: 'artefact', token, artefact });
  }
  for (const name of loaderNames) {
    expect(parseBootPath(pathOf(loaderUrl('http://192.0.2.1:8081/', name)))).toEqual({
      kind: 'loader',
      name,
    });
  }
});

it.each([
  '/',
  '',
  '*',
  '/boot',
  `/boot/${token}`,
  `/boot/${token}/`,
  `/boot/${token}/..`,
  `/boot/${token}/.hidden`,
  `/boot/${token}/a/b`,
  `/boot/${token}/kernel?x=1`,
  `/boot/${token}/kernel#x`,
  `/boot/${token}/KERNEL`,
  `/boot/${token}/kernel%00`,
  `/boot/${token}/kernel%0a`,
  `/boot/${token}/${'a'.repeat(65)}`,
  `/boot/${token.toUpperCase()}/kernel`,
  `/boot/${'a'.repeat(15)}/kernel`,
  `/boot/${'a'.repeat(129)}/kernel`,
  `//boot/${token}/kernel`,
  `/boot/%zz/kernel`,
  `/boot/../loader/snponly.efi/..`,
  `/loader/..%2f..%2fetc%2fpasswd`,
  `/loader/snponly.efi/`,
  `https://x/boot/${token}/kernel`,
  `/boot/${token}/kernel${' '.repeat(2000)}`,
])('has nothing at %j', (target) => {
  expect(parseBootPath(target)).toBeUndefined();
});

it.each([
  ['images/pxeboot/vmlinuz', 'images/pxeboot/vmlinuz'],
  ['Packages/g/gcc-c%2b%2b+~^.rpm', 'Packages/g/gcc-c+++~^.rpm'],
  ['with%20space', 'with space'],
  ['%C3%BC', 'ü'],
  ['.treeinfo', '.treeinfo'],
  ['a..b', 'a..b'],
  ['...', '...'],
  ['%252e%252e', '%2e%2e'],
])('reads the path %s of an install source', (raw, path) => {
  expect(parseBootPath(`/boot/${token}/source/${raw}`)).toEqual({ kind: 'source', token, path });
});

it.each([
  '',
  '/',
  'a//b',
  'a/',
  '/a',
  '.',
  '..',
  'a/../b',
  'a/%2e%2e/b',
  'a%2Fb',
  'a%5Cb',
  'a\\b',
  'a%00',
  'a%0a',
  '%ff',
  '%',
  '%e2%80%ae',
  'a?x=1',
  'a#x',
  'a'.repeat(256),
  'a/'.repeat(2100) + 'a',
])('has no file of an install source at %j', (raw) => {
  expect(parseBootPath(`/boot/${token}/source/${raw}`)).toBeUndefined();
});

it('gives only clean names for any target', () => {
  const piece = fc.constantFrom(
    '/',
    'boot',
    'loader',
    token,
    '..',
    '%2e',
    '%2F',
    'kernel',
    '\\',
    '%',
    '\0',
    '?',
    'http://h',
    'é',
  );
  const target = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 8 }).map((p) => p.join('')),
  );
  fc.assert(
    fc.property(target, (text) => {
      const path = parseBootPath(text);
      if (path === undefined) return;
      if (path.kind === 'source') {
        for (const segment of path.path.split('/')) expect(segment).not.toMatch(/^\.{0,2}$|[\\\p{Cc}]/u);
      } else {
        expect(path.kind === 'loader' ? path.name : path.artefact).toMatch(/^[a-z0-9_-][a-z0-9._-]*$/);
      }
      expect(path.kind === 'loader' || /^[0-9a-f]{16,128}$/.test(path.token)).toBe(true);
    }),
    { numRuns: protocolCases() },
  );
}, 60_000);

it('shows six characters of a token', () => {
  expect(maskToken(token)).toBe('a1a1a1...');
});
