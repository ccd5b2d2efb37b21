import { afterEach, expect, it } from 'vitest';
import type { ServerHandle } from '../../../src/pxe/handle.ts';
import { liveTftp, pattern, peer, rawAck, rawRequest, until } from '../../support/tftp-peer.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

async function setup(files: Record<string, Uint8Array> = { f: pattern(1100) }) {
  const live = await liveTftp(files);
  const client = await peer();
  open.push(client, live.server);
  return { ...live, client, port: live.server.port };
}

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
  const other = await peer();
  open.push(other);
  await client.send(rawRequest(1, 'f'), port);
  await other.send(rawRequest(1, 'g'), port);
  const [a, b] = [await client.next(), await other.next()];
  expect(a?.data.length).toBe(14);
  expect(b?.data.length).toBe(24);
  expect(a?.port).not.toBe(b?.port);
});

it('§4: tells a stranger ERROR 5 and goes on undisturbed; never answers an ERROR', async () => {
  const { client, port } = await setup();
  const stranger = await peer();
  open.push(stranger);
  await client.send(rawRequest(1, 'f'), port);
  const first = await client.next();
  const tid = first!.port;
  await stranger.send(rawAck(1), tid);
  expect(bytesOf(await stranger.next()).slice(0, 4)).toEqual([0, 5, 0, 5]);
  await stranger.send(Uint8Array.of(0, 5, 0, 0, 0), tid);
  expect(await stranger.next(100)).toBeUndefined();
  expect(await client.next(50)).toBeUndefined();
  await client.send(rawAck(1), tid);
  expect(bytesOf(await client.next()).slice(0, 4)).toEqual([0, 3, 0, 2]);
});

it.each([
  [0, [4]],
  [1, [5]],
  [511, [515]],
  [512, [516, 4]],
  [513, [516, 5]],
  [1024, [516, 516, 4]],
])('§6: ends %d bytes with a block shorter than 512', async (size, lengths) => {
  const { client, port, events } = await setup({ f: pattern(size) });
  await client.send(rawRequest(1, 'f'), port);
  const got: number[] = [];
  for (const [index] of lengths.entries()) {
    const packet = await client.next();
    got.push(packet?.data.length ?? -1);
    await client.send(rawAck(index + 1), packet!.port);
  }
  expect(got).toEqual(lengths);
  expect(await client.next(50)).toBeUndefined();
  await until(() => events.some((e) => e.phase === 'done'));
  expect(events).toEqual([
    {
      kind: 'tftp',
      phase: 'start',
      client: '127.0.0.1',
      file: 'f',
      bytes: 0,
      total: size,
      reason: undefined,
    },
    {
      kind: 'tftp',
      phase: 'done',
      client: '127.0.0.1',
      file: 'f',
      bytes: size,
      total: size,
      reason: undefined,
    },
  ]);
});

it('§7: sends the last packet again when its ACK stays away, and ends when the ACK comes', async () => {
  const { client, port, events } = await setup({ f: pattern(3) });
  await client.send(rawRequest(1, 'f'), port);
  const first = await client.next();
  const again = await client.next(1500);
  expect(again).toEqual(first);
  await client.send(rawAck(1), first!.port);
  await until(() => events.some((e) => e.phase === 'done'));
});

it('RFC 1123 §4.2.3.1: a repeated ACK sends nothing', async () => {
  const { client, port } = await setup();
  await client.send(rawRequest(1, 'f'), port);
  const tid = (await client.next())!.port;
  await client.send(rawAck(1), tid);
  await client.next();
  for (let i = 0; i < 5; i++) await client.send(rawAck(1), tid);
  expect(await client.next(150)).toBeUndefined();
});

it('§5: refuses writes with ERROR 2, unknown names with 1, netascii and mail with 4, each with an event', async () => {
  const { client, port, events } = await setup();
  const refusals: [Uint8Array, number][] = [
    [rawRequest(2, 'f'), 2],
    [rawRequest(1, 'nothere'), 1],
    [rawRequest(1, 'f', 'netascii'), 4],
    [rawRequest(1, 'f', 'mail'), 4],
    [Uint8Array.of(0, 1, 97), 4],
  ];
  for (const [bytes, code] of refusals) {
    await client.send(bytes, port);
    const answer = bytesOf(await client.next());
    expect(answer.slice(0, 4)).toEqual([0, 5, 0, code]);
    expect(answer.at(-1)).toBe(0);
  }
  expect(events.map((e) => e.phase)).toEqual(refusals.map(() => 'refused'));
  expect(events.every((e) => (e.reason ?? '').length > 5)).toBe(true);
});

it('appendix: a client’s ERROR ends the transfer', async () => {
  const { client, port, events } = await setup();
  await client.send(rawRequest(1, 'f'), port);
  const tid = (await client.next())!.port;
  await client.send(rawAck(1), tid);
  await client.next();
  await client.send(Buffer.from('\0\x05\0\x03disk full\0', 'latin1'), tid);
  await until(() => events.some((e) => e.phase === 'failed'));
  expect(events.at(-1)).toMatchObject({
    bytes: 512,
    reason: 'the client stopped: error 3 disk full, after block 1',
  });
  await until(() => true);
  expect(await client.next(1200)).toBeUndefined();
});

it('a closed server answers nothing more', async () => {
  const { client, port, server } = await setup();
  await (server satisfies ServerHandle).close();
  await client.send(rawRequest(1, 'f'), port).catch(() => {});
  expect(await client.next(100)).toBeUndefined();
});
