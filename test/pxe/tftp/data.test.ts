import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { createDataEncoder, joinPackets } from '../../../src/pxe/tftp/wire/data.ts';
import { decodeTftp } from '../../../src/pxe/tftp/wire/packet.ts';
import { cases } from '../../support/cases.ts';
import { pattern } from '../../support/tftp-peer.ts';

it('makes every block of a file in the bytes of the standard, in any order of windows', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 400 }),
      fc.integer({ min: 8, max: 40 }),
      fc.integer({ min: 1, max: 70 }),
      fc.array(fc.nat(60), { maxLength: 20 }),
      (size, blockSize, windowSize, picks) => {
        const content = pattern(size);
        const encode = createDataEncoder(content, blockSize, windowSize);
        const last = Math.floor(size / blockSize) + 1;
        for (const pick of picks) {
          const first = (pick % last) + 1;
          const window: Uint8Array[] = [];
          for (let block = first; block < Math.min(first + windowSize, last + 1); block++)
            window.push(encode(block));
          // All of a window stand beside each other: none was overwritten by a later one.
          for (const [at, packet] of window.entries()) {
            const block = first + at;
            expect(decodeTftp(packet)).toEqual({
              kind: 'data',
              block,
              data: content.slice((block - 1) * blockSize, block * blockSize),
            });
          }
        }
      },
    ),
    { numRuns: cases(10_000) },
  );
}, 120_000);

it('rolls over from 65535 to 0, also within a window', () => {
  const encode = createDataEncoder(pattern(8 * 65_540), 8, 4);
  const numbers = [65_534, 65_535, 65_536, 65_537].map((block) => [...encode(block).subarray(0, 4)]);
  expect(numbers).toEqual([
    [0, 3, 255, 254],
    [0, 3, 255, 255],
    [0, 3, 0, 0],
    [0, 3, 0, 1],
  ]);
});

it('never changes the length of a packet that may still wait in a socket', () => {
  const encode = createDataEncoder(pattern(20), 8, 2);
  const [one, two, last] = [encode(1), encode(2), encode(3)];
  expect([one.length, two.length, last.length]).toEqual([12, 12, 8]);
  encode(1);
  expect([...last.subarray(0, 4)]).toEqual([0, 3, 0, 3]);
});

it('packets that lie behind one another go together, others stay alone', () => {
  const encode = createDataEncoder(new Uint8Array(10 * 8 + 3), 8, 4);
  const of = (...blocks: number[]): readonly number[] =>
    joinPackets(blocks.map((block) => encode(block))).map((one) => one.length);
  expect(of(5, 6, 7, 8)).toEqual([48]);
  // The memory is a ring, and the short last block has memory of its own.
  expect(of(6, 7, 8, 9)).toEqual([36, 12]);
  expect(of(8, 9, 10, 11)).toEqual([12, 24, 7]);
  expect(of()).toEqual([]);
});
