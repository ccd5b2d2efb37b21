import { expect, it } from 'vitest';
import { pattern, peer, rawAck, rawRequest } from '../../support/tftp-peer.ts';
import { keep, tftpPair } from '../../support/tftp-ask.ts';

const setup = (files: Record<string, Uint8Array> = { f: pattern(1100) }) => tftpPair(files);
const bytesOf = (received: { data: Buffer } | undefined): number[] => [...(received?.data ?? [])];

it('§4: answers from a port of its own and keeps it for the transfer', async () => {
  const { client, port } = await setup();
  await client.send(rawRequest(1, 'f'), port);
  const first = await client.next();
  expect(first?.port).not.toBe(port);
  expect(bytesOf(first).slice(0, 4)).toEqual([0, 3, 0, 1]);
  await client.send(rawAck(1), first!.port);
  expect((await client.next())?.port).toBe(first?.port);
});

it('§4: gives two transfers of one client two ports', async () => {
  const { client, port } = await setup({ f: pattern(10), g: pattern(20) });
  const other = keep(await peer());
  await client.send(rawRequest(1, 'f'), port);
  await other.send(rawRequest(1, 'g'), port);
  const [a, b] = [await client.next(), await other.next()];
  expect(a?.data.length).toBe(14);
  expect(b?.data.length).toBe(24);
  expect(a?.port).not.toBe(b?.port);
});

it('§4: tells a stranger ERROR 5 and goes on undisturbed; never answers an ERROR', async () => {
  const { client, port } = await setup();
  const stranger = keep(await peer());
  await client.send(rawRequest(1, 'f'), port);
  const first = await client.next();
  const tid = first!.port;
  await stranger.send(Uint8Array.of(0, 3, 0, 1, 7), tid);
  expect(bytesOf(await stranger.next()).slice(0, 4)).toEqual([0, 5, 0, 5]);
  // An ACK has no room for an ERROR, which is never longer than what it answers.
  await stranger.send(rawAck(1), tid);
  await stranger.send(Uint8Array.of(0, 5, 0, 0, 0), tid);
  expect(await stranger.next(100)).toBeUndefined();
  expect(await client.next(50)).toBeUndefined();
  await client.send(rawAck(1), tid);
  expect(bytesOf(await client.next()).slice(0, 4)).toEqual([0, 3, 0, 2]);
});
