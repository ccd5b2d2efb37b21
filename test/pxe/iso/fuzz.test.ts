import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IsoError } from '../../../src/pxe/iso/errors.ts';
import { openIso } from '../../../src/pxe/iso/image.ts';
import { cases } from '../../support/cases.ts';
import { needTools } from '../../support/need.ts';
import { inMemory, makeIso } from './make-iso.ts';

const tree = {
  'images/vmlinuz': 'kernel',
  'a/b/c/d/e/f/g/h/i/deep': 'deep',
  link: '-> images/vmlinuz',
  up: '-> ../a/../link',
  [`long-${'n'.repeat(180)}`]: 'long',
};

/** Paths looked at in one image; a directory that contains itself would be walked for ever. */
const maxPaths = 40;

/** Lists and opens what is there, as a client may; answers the codes of what was refused. */
async function walk(
  bytes: Uint8Array,
): Promise<{ readonly refused: readonly string[]; readonly read: number; readonly reads: number }> {
  const image = inMemory(bytes);
  const refused: string[] = [];
  let read = 0;
  const guarded = async (act: () => Promise<void>): Promise<void> => {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof IsoError)) throw error;
      refused.push(error.code);
    }
  };
  await guarded(async () => {
    const iso = await openIso(image);
    const ahead = [''];
    for (let count = 0; count < maxPaths && ahead.length > 0; count += 1) {
      const path = ahead.shift() ?? '';
      await guarded(async () => {
        for (const [name, kind] of await iso.list(path)) {
          expect(name).not.toMatch(/^\.{0,2}$|[/\0]/);
          const inside = path === '' ? name : `${path}/${name}`;
          if (kind === 'directory') ahead.push(inside);
          else
            await guarded(async () => {
              const file = await iso.open(inside);
              const into = new Uint8Array(64);
              const got = await file.read(into, 0);
              expect(got).toBeLessThanOrEqual(Math.min(file.size, 64));
              read += got;
            });
        }
      });
    }
  });
  return { refused, read, reads: image.reads };
}

describe.skipIf(!needTools({ tool: 'xorrisofs', package: 'xorriso' }))('images made by xorriso', () => {
  const images = [
    makeIso(tree, '-R', '-no-pad'),
    makeIso(tree, '-R', '-J', '-joliet-long', '-no-pad'),
    makeIso(tree, '-J', '-joliet-long', '--norock', '-no-pad'),
  ];

  it('are read without a complaint', async () => {
    for (const image of images) {
      const { refused, read } = await walk(image);
      expect(refused).toEqual([]);
      expect(read).toBeGreaterThan(10);
    }
  });

  it('and then damaged give what is there or an IsoError, after a bounded number of reads', async () => {
    // The system area at the front is empty, the descriptors and directories are where the reader looks.
    const place = fc.oneof(
      { weight: 1, arbitrary: fc.integer({ min: 16 * 2048, max: 19 * 2048 - 1 }) },
      { weight: 4, arbitrary: fc.nat() },
    );
    const change = fc.record({
      at: place,
      value: fc.oneof(fc.constantFrom(0, 1, 2, 4, 8, 0x2e, 0x2f, 0x80, 0xff), fc.nat(255)),
      both: fc.boolean(),
    });
    const seen = new Map<string, number>();
    // Directories are mostly zeros: changes go to what is not.
    const usedAt = images.map((image) => {
      const places: number[] = [];
      image.forEach((byte, at) => {
        if (byte !== 0 && at >= 16 * 2048) places.push(at);
      });
      return places;
    });
    await fc.assert(
      fc.asyncProperty(
        fc.nat(images.length - 1),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.option(fc.nat(400_000), { freq: 20 }),
        async (which, changes, cut) => {
          const genuine = images[which] ?? new Uint8Array();
          const places = usedAt[which] ?? [];
          const bytes = genuine.slice(0, cut ?? genuine.length);
          for (const { at, value, both } of changes) {
            const where = (at < genuine.length && at < 19 * 2048 ? at : places[at % places.length]) ?? 0;
            if (where >= bytes.length) continue;
            bytes[where] = value;
            // The same number in the other byte order, so that damage gets past the comparison.
            if (both && where + 7 < bytes.length) bytes[where + 7] = value;
          }
          const { refused, reads } = await walk(bytes);
          for (const code of refused) seen.set(code, (seen.get(code) ?? 0) + 1);
          expect(reads).toBeLessThan(5000);
        },
      ),
      { numRuns: cases(100_000) },
    );
    expect([...seen.keys()]).toEqual(expect.arrayContaining(['damaged', 'not-iso', 'not-found']));
  }, 600_000);
});
