import { expect, it } from 'vitest';
import { rawRequest } from '../../support/tftp-peer.ts';
import { ask, tftpPair } from '../../support/tftp-ask.ts';

it.each(['0', '123'])('§3: tsize %s is answered with the size', async (asked) => {
  expect((await ask('tsize', asked)).words).toEqual(['tsize', '5000']);
});

it('§3: tsize is not answered in netascii, where the size on the wire is another one', async () => {
  const { client, port } = await tftpPair();
  await client.send(rawRequest(1, 'f', 'netascii', ['tsize', '0', 'blksize', '600']), port);
  expect((await client.next())?.data.toString('latin1', 2)).toBe('blksize\x00600\0');
});
