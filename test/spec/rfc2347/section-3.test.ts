import { expect, it } from 'vitest';
import { rawAck } from '../../support/tftp-peer.ts';
import { ask } from '../../support/tftp-ask.ts';

it('§3: no known option means no OACK, data at once', async () => {
  expect(await ask('multicast', '', 'foo', 'bar')).toMatchObject({ kind: 3 });
});

it('§3: unknown options are left out of the OACK, also those that only some programs know', async () => {
  expect((await ask('foo', 'bar', 'utimeout', '100000', 'tsize', '0')).words).toEqual(['tsize', '5000']);
});

it('§3: data follows the ACK of block 0, and nothing before it', async () => {
  const { client, tid } = await ask('blksize', '1024');
  expect(await client.next(100)).toBeUndefined();
  await client.send(rawAck(1), tid);
  expect(await client.next(100)).toBeUndefined();
  await client.send(rawAck(0), tid);
  const data = (await client.next())?.data;
  expect([...(data?.subarray(0, 4) ?? [])]).toEqual([0, 3, 0, 1]);
  expect(data?.length).toBe(1028);
});

it('§3: an OACK that got lost is sent again, the same', async () => {
  const { client, first } = await ask('timeout', '1', 'blksize', '1024');
  expect((await client.next(1600))?.data).toEqual(first.data);
});

it('§4: a client that refuses the options (ERROR 8) starts over without noise', async () => {
  const { client, tid, events } = await ask('blksize', '1024');
  await client.send(Uint8Array.of(0, 5, 0, 8, 0), tid);
  expect(await client.next(1200)).toBeUndefined();
  expect(events.map((e) => e.phase)).toEqual(['start']);
});
