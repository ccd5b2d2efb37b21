import { expect, it } from 'vitest';
import { rawAck, rawRequest } from '../../support/tftp-peer.ts';
import { ask, tftpPair } from '../../support/tftp-ask.ts';

it.each([
  ['8', '8'],
  ['512', '512'],
  ['1432', '1432'],
  ['1468', '1468'],
  ['1469', '1468'],
  ['65464', '1468'],
])(
  '§2: blksize %s is answered with %s: never with more, and no more than a frame holds',
  async (asked, answered) => {
    const { client, tid, words } = await ask('blksize', asked);
    expect(words).toEqual(['blksize', answered]);
    await client.send(rawAck(0), tid);
    expect((await client.next())?.data.length).toBe(4 + Number(answered));
  },
);

it.each(['7', '0', '65465', '-8', '1e3', '0x200', ' 512', '', '99999999999'])(
  '§2: blksize %j is no block size and is left out',
  async (asked) => {
    expect(await ask('blksize', asked)).toMatchObject({ kind: 3 });
  },
);

it.each([
  [{ mtu: 1400 }, '1368'],
  [{ mtu: 9000 }, '8968'],
  [{ maxBlockSize: 1024 }, '1024'],
  [{ maxBlockSize: 3 }, '8'],
])('§2: with %j the largest block is %s', async (options, answered) => {
  const { client, port } = await tftpPair(undefined, options);
  await client.send(rawRequest(1, 'f', 'octet', ['blksize', '65464']), port);
  expect((await client.next())?.data.toString('latin1', 2)).toBe(`blksize\0${answered}\0`);
});
