import { expect, it } from 'vitest';
import { rawRequest } from '../../support/tftp-peer.ts';
import { ask, tftpPair } from '../../support/tftp-ask.ts';

it.each([
  ['TSize', 'tsize'],
  ['TSIZE', 'tsize'],
  ['tSiZe', 'tsize'],
])('§2: option names count in any case, as %s', async (asked, answered) => {
  expect((await ask(asked, '0', 'BLKSIZE', '1024')).words).toEqual([answered, '5000', 'blksize', '1024']);
});

it('§2: the same option twice, in whatever case, is refused with ERROR 4', async () => {
  const { client, port } = await tftpPair();
  await client.send(rawRequest(1, 'f', 'octet', ['blksize', '512', 'BLKSIZE', '1024']), port);
  const answer = await client.next();
  expect([...(answer?.data.subarray(0, 4) ?? [])]).toEqual([0, 5, 0, 4]);
  expect(answer?.data.toString('latin1')).toContain('the same opt');
});

it('§2: a request of more than 512 bytes is refused with ERROR 4', async () => {
  const { client, port } = await tftpPair();
  await client.send(rawRequest(1, 'f', 'octet', ['x', 'y'.repeat(512)]), port);
  expect([...((await client.next())?.data.subarray(0, 4) ?? [])]).toEqual([0, 5, 0, 4]);
});
