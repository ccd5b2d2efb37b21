import { expect, it } from 'vitest';
import { ask } from '../../support/tftp-ask.ts';

it('§2: timeout is answered unchanged and used', async () => {
  const { client, words } = await ask('timeout', '2');
  expect(words).toEqual(['timeout', '2']);
  expect(await client.next(1800)).toBeUndefined();
  expect((await client.next(1000))?.data[1]).toBe(6);
});

it.each(['0', '256', '61', 'x', '-1'])('§2: timeout %s is left out', async (asked) => {
  expect(await ask('timeout', asked)).toMatchObject({ kind: 3 });
});
