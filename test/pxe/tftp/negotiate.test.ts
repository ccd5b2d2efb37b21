import { expect, it } from 'vitest';
import { negotiate } from '../../../src/pxe/tftp/negotiate.ts';

it('keeps the order of the client and the standard’s values when nothing is asked', () => {
  const limits = { maxBlockSize: 1468, maxWindowSize: 32 };
  expect(negotiate([], 9, limits)).toEqual({
    blockSize: 512,
    windowSize: 1,
    timeoutMs: undefined,
    answer: [],
  });
  const all = [
    { name: 'windowsize', value: '64' },
    { name: 'timeout', value: '3' },
    { name: 'x', value: '1' },
    { name: 'blksize', value: '9000' },
    { name: 'tsize', value: '0' },
  ];
  expect(negotiate(all, 9, limits)).toEqual({
    blockSize: 1468,
    windowSize: 32,
    timeoutMs: 3000,
    answer: [
      { name: 'windowsize', value: '32' },
      { name: 'timeout', value: '3' },
      { name: 'blksize', value: '1468' },
      { name: 'tsize', value: '9' },
    ],
  });
});

it('leaves tsize out where the size on the wire is not that of the file', () => {
  const limits = { maxBlockSize: 1468, maxWindowSize: 32 };
  expect(negotiate([{ name: 'tsize', value: '0' }], undefined, limits).answer).toEqual([]);
});
