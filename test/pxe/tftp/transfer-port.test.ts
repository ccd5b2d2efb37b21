import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type Clock, systemClock } from '../../../src/base/clock.ts';
import { openUdp } from '../../../src/net/dgram.ts';
import type { OpenUdp } from '../../../src/net/udp.ts';
import { keep, tftpPair } from '../../support/tftp-ask.ts';
import { liveTftp, pattern, peer, rawAck, rawRequest, until } from '../../support/tftp-peer.ts';

type Peer = Awaited<ReturnType<typeof peer>>;
const sockets = (): number => readdirSync('/proc/self/fd').length;

/** Fetches `file` in lock-step from the port of `client`, as firmware does; the port that the data came from, and the data. */
async function fetchFile(client: Peer, port: number, file: string, options: readonly string[] = []) {
  let last = { bytes: rawRequest(1, file, 'octet', options), port };
  const pieces: Buffer[] = [];
  for (let silences = 0; silences < 5; ) {
    await client.send(last.bytes, last.port);
    const packet = await client.next(1000);
    if (packet === undefined) {
      silences += 1;
      continue;
    }
    const isData = packet.data[1] === 3;
    if (isData && packet.data.readUInt16BE(2) !== pieces.length + 1) continue;
    if (isData) pieces.push(packet.data.subarray(4));
    last = { bytes: rawAck(pieces.length), port: packet.port };
    if (isData && packet.data.length < 516) {
      await client.send(last.bytes, last.port);
      return { tid: packet.port, data: Buffer.concat(pieces) };
    }
  }
  throw new Error(`${file}: silence after ${pieces.length} blocks`);
}

/** Runs fifty times as fast as the machine's clock. */
const fastClock: Clock = {
  now: () => Date.now() * 50,
  after: (ms, run) => systemClock.after(ms / 50, run),
};

it('opens no socket for a transfer, and keeps two of one machine apart', async () => {
  const { client, port, events } = await tftpPair({ f: pattern(600), g: pattern(700) });
  const other = keep(await peer());
  const before = sockets();
  await client.send(rawRequest(1, 'f'), port);
  await other.send(rawRequest(1, 'g'), port);
  const [f, g] = [await client.next(), await other.next()];
  expect(sockets()).toBe(before);
  // Each at the other's transfer: a stranger there.
  await client.send(rawAck(1), g!.port);
  await other.send(rawAck(1), f!.port);
  expect([await client.next(100), await other.next(100)]).toEqual([undefined, undefined]);
  await client.send(rawAck(1), f!.port);
  await other.send(rawAck(1), g!.port);
  expect([(await client.next())?.data.length, (await other.next())?.data.length]).toEqual([92, 192]);
  await client.send(rawAck(2), f!.port);
  await other.send(rawAck(2), g!.port);
  await until(() => events.filter((e) => e.phase === 'done').length === 2);
});

it('answers a client port that was used lately from another port, and from the same ones again later', async () => {
  const moved = { ms: 0 };
  const clock = { ...systemClock, now: () => Date.now() + moved.ms };
  const { server } = await liveTftp({ f: pattern(600) }, {}, { clock });
  keep(server);
  const client = keep(await peer());
  const before = sockets();
  const tids: number[] = [];
  for (let n = 0; n < 6; n += 1) tids.push((await fetchFile(client, server.port, 'f')).tid);
  expect(new Set(tids).size).toBe(6);
  await until(() => sockets() === before);
  moved.ms = 20_000;
  const later = (await fetchFile(client, server.port, 'f')).tid;
  expect(tids.slice(0, 4)).toContain(later);
  expect(sockets()).toBe(before);
});

it('never takes a stale ACK of a transfer that is over for one of the next', async () => {
  const { client, port, events } = await tftpPair({ f: pattern(600), g: pattern(5000) });
  const { tid } = await fetchFile(client, port, 'f');
  await client.send(rawRequest(1, 'g', 'octet', ['timeout', '60']), port);
  const options = await client.next();
  await client.send(rawAck(0), options!.port);
  const first = await client.next();
  for (const block of [1, 2]) await client.send(rawAck(block), tid);
  expect(await client.next(100)).toBeUndefined();
  await client.send(rawAck(1), first!.port);
  expect((await client.next())?.data.readUInt16BE(2)).toBe(2);
  expect(events.filter((e) => e.phase === 'done').map((e) => e.file)).toEqual(['f']);
});

it('tells strangers at a shared port ERROR 5, fifty times a second', async () => {
  const { client, port } = await tftpPair({ f: pattern(600) });
  const { tid } = await fetchFile(client, port, 'f');
  const stranger = keep(await peer('127.0.0.3'));
  for (const silent of [rawAck(1), Uint8Array.of(0, 5, 0, 0, 0), Uint8Array.of(9, 9, 9, 9, 9, 9)])
    await stranger.send(silent, tid);
  expect(await stranger.next(100)).toBeUndefined();
  for (let n = 0; n < 200; n += 1) await stranger.send(Uint8Array.of(0, 3, 0, 1, 9), tid);
  const answers: (Buffer | undefined)[] = [];
  do answers.push((await stranger.next(100))?.data);
  while (answers.at(-1) !== undefined);
  expect([...(answers[0] ?? [])]).toEqual([0, 5, 0, 5, 0]);
  // A second may have ended in between.
  expect(answers.length - 1).toBeGreaterThanOrEqual(50);
  expect(answers.length - 1).toBeLessThanOrEqual(100);
});

it('gives the place of a machine that was switched off to the next, which may have its port', async () => {
  const { server, events } = await liveTftp({ f: pattern(5000) }, { maxTransfers: 1 }, { clock: fastClock });
  keep(server);
  const client = keep(await peer());
  await client.send(rawRequest(1, 'f', 'octet', ['timeout', '1']), server.port);
  const first = await client.next();
  await client.send(rawAck(0), first!.port);
  await client.send(rawAck(1), first!.port);
  await until(() => events.some((e) => e.phase === 'failed'));
  expect(events.at(-1)?.reason).toContain('after block 1 of 10');
  while ((await client.next(50)) !== undefined);
  expect((await fetchFile(client, server.port, 'f')).data.equals(Buffer.from(pattern(5000)))).toBe(true);
});

it('serves a thousand machines at once, and each gets its own bytes', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 1000 }, (_, n) => [`f${n}`, pattern(1500 + n).subarray(n)]),
  );
  const { server, events } = await liveTftp(files, {});
  keep(server);
  const clients = await Promise.all(
    Array.from({ length: 1000 }, (_, n) => peer(`127.0.${1 + (n >> 7)}.${1 + (n & 127)}`)),
  );
  for (const client of clients) keep(client);
  const got = await Promise.all(clients.map((client, n) => fetchFile(client, server.port, `f${n}`)));
  const wrong = got.filter(({ data }, n) => !data.equals(files[`f${n}`] ?? new Uint8Array()));
  expect(wrong).toEqual([]);
  await until(() => events.filter((e) => e.phase === 'done').length === 1000);
}, 60_000);

/** A datagram is the receiver's only until it returns: here it then becomes noise. */
const forgetful: OpenUdp = (options, receive) =>
  openUdp(options, (data, from) => {
    const lent = Uint8Array.from(data);
    receive(lent, from);
    lent.fill(0xff);
  });

it.each([false, true])('keeps nothing of a datagram that it was lent (one port: %s)', async (singlePort) => {
  const { server, events } = await liveTftp({ f: pattern(5000) }, { singlePort }, { openUdp: forgetful });
  keep(server);
  const client = keep(await peer());
  const options = ['tsize', '0', 'blksize', '512'];
  const { data } = await fetchFile(client, server.port, 'f', options);
  expect(data.equals(Buffer.from(pattern(5000)))).toBe(true);
  await client.send(rawRequest(1, 'nothere'), server.port);
  expect((await client.next())?.data.toString('latin1', 4)).toContain('no file not');
  expect(events.at(-1)).toMatchObject({ phase: 'refused', file: 'nothere' });
});
