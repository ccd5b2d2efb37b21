import { expect, it } from 'vitest';
import { worthTelling } from '../../../src/pxe/tftp/progress.ts';

it.each([
  ['nothing new, however late', { bytes: 0, at: 9999 }, false],
  ['half a second', { bytes: 1, at: 500 }, true],
  ['less than half a second, less than a tenth', { bytes: 99, at: 499 }, false],
  ['a tenth', { bytes: 100, at: 100 }, true],
  ['a tenth in no time', { bytes: 900, at: 99 }, false],
])('%s', (_, { bytes, at }, told) => {
  expect(worthTelling({ bytes: 0, at: 0 }, bytes, at, 1000)).toBe(told);
});
