import { describe, expect, it } from 'vitest';
import { openIso } from '../../src/pxe/iso/image.ts';
import { contentOf, inMemory, makeIso } from '../pxe/iso/make-iso.ts';
import { needTools } from '../support/need.ts';
import { pattern } from '../support/tftp-peer.ts';

const long = `a-name-of-many-letters-${'x'.repeat(200)}.rpm`;
const deep = 'a/b/c/d/e/f/g/h/i/j/k/deep.txt';
const tree = {
  '.treeinfo': '[general]\n',
  'images/pxeboot/vmlinuz': pattern(70_001),
  'images/pxeboot/initrd.img': pattern(4096),
  [`Packages/${long}`]: 'rpm',
  'Packages/with space+and~ü.txt': 'odd',
  empty: '',
  [deep]: 'deep',
  link: '-> images/pxeboot/vmlinuz',
  'images/up': '-> ../.treeinfo',
  absolute: '-> /images',
  outside: '-> ../../../../etc/passwd',
  circle1: '-> circle2',
  circle2: '-> circle1',
  far: `-> ${'images/../'.repeat(60)}empty`,
};

describe.skipIf(!needTools({ tool: 'xorrisofs', package: 'xorriso' }))('an image made by xorriso', () => {
  it.each([
    ['Rock Ridge', ['-R']],
    ['Rock Ridge and Joliet', ['-R', '-J', '-joliet-long']],
    ['Rock Ridge, deep directories moved', ['-R', '-rr_reloc_dir', 'rr_moved']],
    ['Rock Ridge, deep directories in place', ['-R', '-D']],
  ])('with %s is read as the tree that it was made of', async (_, flags) => {
    const iso = await openIso(inMemory(makeIso(tree, ...flags), 1000));
    expect([iso.naming, iso.label]).toEqual(['rock-ridge', 'TESTDISC']);
    for (const [path, content] of Object.entries(tree)) {
      if (typeof content === 'string' && content.startsWith('->')) continue;
      expect([path, (await contentOf(iso, path)).equals(Buffer.from(content))]).toEqual([path, true]);
    }
    expect((await contentOf(iso, 'link')).equals(Buffer.from(tree['images/pxeboot/vmlinuz']))).toBe(true);
    expect((await contentOf(iso, 'images/up')).toString()).toBe('[general]\n');
    expect((await contentOf(iso, 'absolute/up')).toString()).toBe('[general]\n');
    expect((await contentOf(iso, 'far')).length).toBe(0);
    await expect(iso.open('outside')).rejects.toMatchObject({ code: 'not-found' });
    await expect(iso.open('circle1')).rejects.toMatchObject({ code: 'limit' });
    await expect(iso.open('images')).rejects.toMatchObject({ code: 'not-a-file' });
    await expect(iso.open('empty/x')).rejects.toMatchObject({ code: 'not-found' });
    await expect(iso.open('nothere')).rejects.toMatchObject({ code: 'not-found' });
    const names = await iso.list('');
    expect([...names.keys()].filter((name) => name !== 'rr_moved').toSorted()).toEqual(
      [...new Set(Object.keys(tree).map((path) => path.split('/')[0] ?? ''))].toSorted(),
    );
    expect([names.get('link'), names.get('images'), names.get('empty')]).toEqual([
      'link',
      'directory',
      'file',
    ]);
    expect([...(await iso.list('rr_moved').catch(() => new Map())).keys()]).toEqual([]);
  });

  it('with Joliet only has its names', async () => {
    const iso = await openIso(inMemory(makeIso({ 'Dir/Größe Ω.txt': 'x', 'a.b': 'y' }, '-J', '--norock')));
    expect(iso.naming).toBe('joliet');
    expect((await contentOf(iso, 'Dir/Größe Ω.txt')).toString()).toBe('x');
    expect((await contentOf(iso, 'a.b')).toString()).toBe('y');
  });

  it('with neither has plain names in lower case', async () => {
    const iso = await openIso(inMemory(makeIso({ 'DIR/README': 'x', 'A.TXT': 'y' }, '--norock')));
    expect(iso.naming).toBe('plain');
    expect((await contentOf(iso, 'dir/readme')).toString()).toBe('x');
    expect((await contentOf(iso, 'a.txt')).toString()).toBe('y');
  });

  it('reads a directory of thousands of names once', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 5000 }, (_, n) => [`p/package-${n}-1.0-1.x86_64.rpm`, `${n}`]),
    );
    const image = inMemory(makeIso(many, '-R'));
    const iso = await openIso(image);
    expect((await iso.list('p')).size).toBe(5000);
    const before = image.reads;
    for (const n of [0, 2500, 4999])
      expect((await contentOf(iso, `p/package-${n}-1.0-1.x86_64.rpm`)).toString()).toBe(`${n}`);
    expect(image.reads - before).toBe(3);
  });

  it('that was cut off is damaged, not short', async () => {
    const bytes = makeIso({ a: pattern(500_000) }, '-R');
    const iso = await openIso(inMemory(bytes.subarray(0, 300_000)));
    await expect(iso.open('a')).rejects.toMatchObject({
      code: 'damaged',
      message: expect.stringContaining('cut off') as unknown,
    });
  });
});
