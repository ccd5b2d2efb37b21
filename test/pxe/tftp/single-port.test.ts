import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { blocks, keep, tftpPair } from '../../support/tftp-ask.ts';
import { pattern, peer, rawAck, rawRequest, until } from '../../support/tftp-peer.ts';

const single = { singlePort: true } as const;

it('answers everything from the request port, and keeps two clients apart', async () => {
  const { client, port, events } = await tftpPair({ f: pattern(600), g: pattern(700) }, single);
  const other = keep(await peer());
  await client.send(rawRequest(1, 'f'), port);
  await other.send(rawRequest(1, 'g'), port);
  const [f, g] = [await client.next(), await other.next()];
  expect([f?.port, g?.port]).toEqual([port, port]);
  await client.send(rawAck(1), port);
  await other.send(rawAck(1), port);
  expect([(await client.next())?.data.length, (await other.next())?.data.length]).toEqual([92, 192]);
  await client.send(rawAck(2), port);
  await other.send(rawAck(2), port);
  await until(() => events.filter((e) => e.phase === 'done').length === 2);
});

it('opens no socket for a transfer', async () => {
  const sockets = (): number => readdirSync('/proc/self/fd').length;
  const { client, port } = await tftpPair(undefined, single);
  const before = sockets();
  await client.send(rawRequest(1, 'f'), port);
  expect(await blocks(client, 1)).toEqual([1]);
  expect(sockets()).toBe(before);
});

it('stays silent to ACKs, data and errors of those who asked for nothing', async () => {
  const { client, port, events } = await tftpPair(undefined, single);
  for (const bytes of [
    rawAck(0),
    rawAck(1),
    Uint8Array.of(0, 3, 0, 1, 9),
    Uint8Array.of(0, 5, 0, 0, 0),
    Uint8Array.of(0),
  ])
    await client.send(bytes, port);
  expect(await client.next(150)).toBeUndefined();
  expect(events).toEqual([]);
});

it('takes a request that was delayed on its way for what it is', async () => {
  const { client, port, events } = await tftpPair(undefined, single);
  const request = rawRequest(1, 'f', 'octet', ['timeout', '60']);
  await client.send(request, port);
  await client.next();
  await client.send(rawAck(0), port);
  expect(await blocks(client, 1)).toEqual([1]);
  await client.send(rawAck(1), port);
  expect(await blocks(client, 1)).toEqual([2]);
  await client.send(request, port);
  expect(await blocks(client, 1)).toEqual([undefined]);
  expect(events.filter((e) => e.phase === 'start').length).toBe(1);
});

it('serves a machine that was reset and asks again from the same port', async () => {
  const { client, port, events } = await tftpPair({ f: pattern(600), g: pattern(5) }, single);
  await client.send(rawRequest(1, 'f'), port);
  await client.next();
  await client.send(rawAck(1), port);
  await client.next();
  await client.send(rawRequest(1, 'g'), port);
  let answer = await client.next();
  while (answer?.data.length !== 9) answer = await client.next();
  await client.send(rawAck(1), port);
  await until(() => events.some((e) => e.phase === 'done'));
  expect(events.at(-1)).toMatchObject({ file: 'g', phase: 'done' });
});

it('tells its clients when it is closed', async () => {
  const { client, port, server } = await tftpPair(undefined, single);
  await client.send(rawRequest(1, 'f'), port);
  const first = await client.next();
  await client.send(rawAck(1), first!.port);
  await client.next();
  await server.close();
  expect((await client.next())?.data.toString('latin1', 4)).toBe('the TFTP server was stopped\0');
});
