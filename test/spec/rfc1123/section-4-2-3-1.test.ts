import { expect, it } from 'vitest';
import { rawAck } from '../../support/tftp-peer.ts';
import { ask, blocks } from '../../support/tftp-ask.ts';

it('§4.2.3.1: a repeated ACK sends nothing (Sorcerer’s Apprentice)', async () => {
  const { client, tid } = await ask('timeout', '60');
  await client.send(rawAck(0), tid);
  expect(await blocks(client, 1)).toEqual([1]);
  await client.send(rawAck(1), tid);
  expect(await blocks(client, 1)).toEqual([2]);
  for (let i = 0; i < 5; i++) await client.send(rawAck(1), tid);
  expect(await blocks(client, 1)).toEqual([undefined]);
});

it('§4.2.3.1: an ACK that was delayed sends nothing, and the transfer goes on', async () => {
  const { client, tid } = await ask('timeout', '60');
  for (const block of [0, 1, 2]) {
    await client.send(rawAck(block), tid);
    await blocks(client, 1);
  }
  await client.send(rawAck(1), tid);
  await client.send(rawAck(0), tid);
  expect(await blocks(client, 1)).toEqual([undefined]);
  await client.send(rawAck(3), tid);
  expect(await blocks(client, 2)).toEqual([4, undefined]);
});
