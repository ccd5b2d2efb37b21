import { expect, it } from 'vitest';
import { rawRequest } from '../../support/tftp-peer.ts';
import { ask, tftpPair } from '../../support/tftp-ask.ts';

it.each([
  ['65535', '64'],
  ['16', '16'],
  ['1', '1'],
])('§3: windowsize %s is answered with %s', async (asked, answered) => {
  expect((await ask('windowsize', asked)).words).toEqual(['windowsize', answered]);
});

it.each(['0', '65536', '-1', ''])('§3: windowsize %j is left out', async (asked) => {
  expect(await ask('windowsize', asked)).toMatchObject({ kind: 3 });
});

it('§3: the server may answer less than was asked', async () => {
  const { client, port } = await tftpPair(undefined, { maxWindowSize: 4 });
  await client.send(rawRequest(1, 'f', 'octet', ['windowsize', '16']), port);
  expect((await client.next())?.data.toString('latin1', 2)).toBe('windowsize\x004\0');
});
