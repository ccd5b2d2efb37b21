import { expect, it } from 'vitest';
import { pattern, rawAck, until } from '../../support/tftp-peer.ts';
import { ask, blocks } from '../../support/tftp-ask.ts';

/** So long that no retransmission comes between. */
const patient = ['timeout', '60'] as const;

it('§4: sends a window at a time and goes back to the first block that is missing', async () => {
  const { client, tid } = await ask('windowsize', '4', ...patient);
  await client.send(rawAck(0), tid);
  expect(await blocks(client, 5)).toEqual([1, 2, 3, 4, undefined]);
  await client.send(rawAck(2), tid);
  expect(await blocks(client, 5)).toEqual([3, 4, 5, 6, undefined]);
});

it('§4: the first block of a window that is lost is sent again at once, and for many complaints once', async () => {
  const { client, tid } = await ask('windowsize', '3', ...patient);
  await client.send(rawAck(0), tid);
  await blocks(client, 3);
  await client.send(rawAck(3), tid);
  expect(await blocks(client, 4)).toEqual([4, 5, 6, undefined]);
  for (let i = 0; i < 3; i++) await client.send(rawAck(3), tid);
  expect(await blocks(client, 4)).toEqual([4, 5, 6, undefined]);
});

it('§4: the window keeps its size after a loss', async () => {
  const { client, tid } = await ask('windowsize', '4', ...patient);
  await client.send(rawAck(0), tid);
  await blocks(client, 4);
  await client.send(rawAck(1), tid);
  expect(await blocks(client, 5)).toEqual([2, 3, 4, 5, undefined]);
  await client.send(rawAck(5), tid);
  expect(await blocks(client, 5)).toEqual([6, 7, 8, 9, undefined]);
});

it('§4: ACKs of an earlier window, and of blocks never sent, change nothing', async () => {
  const { client, tid } = await ask('windowsize', '4', ...patient);
  await client.send(rawAck(0), tid);
  await blocks(client, 4);
  await client.send(rawAck(4), tid);
  await blocks(client, 4);
  for (const block of [3, 0, 9, 65_535]) await client.send(rawAck(block), tid);
  expect(await blocks(client, 1)).toEqual([undefined]);
});

it('§4: the last window may be short, and its last ACK ends the transfer', async () => {
  const { client, tid, events } = await ask('windowsize', '4', ...patient);
  await client.send(rawAck(0), tid);
  await blocks(client, 4);
  await client.send(rawAck(4), tid);
  await blocks(client, 4);
  await client.send(rawAck(8), tid);
  expect(await blocks(client, 3)).toEqual([9, 10, undefined]);
  await client.send(rawAck(10), tid);
  await until(() => events.some((e) => e.phase === 'done'));
  expect(events.at(-1)).toMatchObject({ bytes: pattern(5000).length, retransmits: 0 });
});
