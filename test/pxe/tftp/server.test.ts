import { readdirSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import type { Clock } from '../../../src/base/clock.ts';
import type { Ipv4 } from '../../../src/base/ipv4.ts';
import { NetError } from '../../../src/net/errors.ts';
import { openUdp } from '../../../src/net/dgram.ts';
import type { UdpBindOptions, UdpReceiver, UdpSocket } from '../../../src/net/udp.ts';
import { liveTftp, pattern, peer, rawAck, rawRequest, until } from '../../support/tftp-peer.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

function keep<T extends { close(): Promise<void> }>(thing: T): T {
  open.push(thing);
  return thing;
}

/** Time that stands still until a test moves it. */
function manualClock(): Clock & { advance(ms: number): void } {
  let now = 0;
  const timers = new Set<{ at: number; run: () => void }>();
  return {
    now: () => now,
    after(ms, run) {
      const timer = { at: now + ms, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      now += ms;
      for (const timer of Array.from(timers)) {
        if (timer.at > now) continue;
        timers.delete(timer);
        timer.run();
      }
    },
  };
}

it('fails a client that never acknowledges, with a reason, and gives its place back', async () => {
  const clock = manualClock();
  const { server, events } = await liveTftp({ f: pattern(600) }, {}, { clock });
  keep(server);
  const client = keep(await peer());
  await client.send(rawRequest(1, 'f'), server.port);
  for (const ms of [1000, 2000, 4000, 8000]) {
    expect((await client.next())?.data.length).toBe(516);
    clock.advance(ms);
  }
  await until(() => events.some((e) => e.phase === 'failed'));
  expect(events.at(-1)).toMatchObject({
    bytes: 0,
    total: 600,
    reason: expect.stringContaining('firewall') as unknown,
  });
  expect(await client.next(50)).toBeUndefined();
});

it('takes a repeated request for the one it is serving', async () => {
  const { server, events } = await liveTftp({ f: pattern(600) });
  keep(server);
  const client = keep(await peer());
  await client.send(rawRequest(1, 'f'), server.port);
  const first = await client.next();
  await client.send(rawRequest(1, 'f'), server.port);
  expect(await client.next()).toEqual(first);
  expect(events.map((e) => e.phase)).toEqual(['start']);
});

it('serves a ROM that probes the size, aborts, and asks again from the same port', async () => {
  const { server, events } = await liveTftp({ f: pattern(100) });
  keep(server);
  const client = keep(await peer());
  await client.send(rawRequest(1, 'f', 'octet', ['tsize', '0']), server.port);
  const probe = await client.next();
  expect(probe?.data.toString('latin1', 2)).toBe(['tsize', '100', ''].join('\0'));
  await client.send(Buffer.from('\0\x05\0\0TFTP Aborted\0', 'latin1'), probe!.port);
  await client.send(rawRequest(1, 'f', 'octet', ['blksize', '1456']), server.port);
  const answer = await client.next();
  await client.send(rawAck(0), answer!.port);
  await client.next();
  await client.send(rawAck(1), answer!.port);
  await until(() => events.some((e) => e.phase === 'done'));
  expect(events.map((e) => e.phase)).toEqual(['start', 'start', 'done']);
});

it('answers silence over its limits, tells the sink, and serves again when a place is free', async () => {
  const { server, events } = await liveTftp(
    { f: pattern(10) },
    { maxTransfers: 3, maxTransfersPerClient: 2 },
  );
  keep(server);
  const clients = [keep(await peer()), keep(await peer()), keep(await peer())] as const;
  const tids: number[] = [];
  for (const client of clients.slice(0, 2)) {
    await client.send(rawRequest(1, 'f'), server.port);
    tids.push((await client.next())!.port);
  }
  await clients[2].send(rawRequest(1, 'f'), server.port);
  expect(await clients[2].next(100)).toBeUndefined();
  expect(events.at(-1)).toMatchObject({
    phase: 'refused',
    reason: expect.stringContaining('2 of this client') as unknown,
  });

  const elsewhere = keep(await peer('127.0.0.2'));
  await elsewhere.send(rawRequest(1, 'f'), server.port);
  expect((await elsewhere.next())?.data.length).toBe(14);
  const third = keep(await peer('127.0.0.3'));
  await third.send(rawRequest(1, 'f'), server.port);
  expect(await third.next(100)).toBeUndefined();

  await clients[0].send(rawAck(1), tids[0]!);
  await until(() => events.some((e) => e.phase === 'done'));
  await until(() => true);
  await clients[2].send(rawRequest(1, 'f'), server.port);
  expect((await clients[2].next())?.data.length).toBe(14);
});

it('answers from the address and device it was given, also the transfers', async () => {
  const binds: UdpBindOptions[] = [];
  const { server } = await liveTftp(
    { f: pattern(10) },
    { address: '127.0.0.9' as Ipv4, device: 'lo' },
    {
      openUdp: (options, receive) => {
        binds.push(options);
        const { device: _, ...rest } = options;
        return openUdp(rest, receive);
      },
    },
  );
  keep(server);
  const client = keep(await peer());
  await client.send(rawRequest(1, 'f'), server.port); // goes to 127.0.0.1: not ours
  expect(await client.next(100)).toBeUndefined();
  expect(binds).toEqual(
    Array.from({ length: 5 }, () => ({ address: '127.0.0.9', device: 'lo', port: 0, bursts: 'joined' })),
  );
});

it('close ends transfers under way, tells the client, leaves no socket, and may be called twice', async () => {
  const sockets = (): number => readdirSync('/proc/self/fd').length;
  const client = keep(await peer());
  const before = sockets();
  const { server, events } = await liveTftp({ f: pattern(5000) });
  await client.send(rawRequest(1, 'f'), server.port);
  const first = await client.next();
  await client.send(rawAck(1), first!.port);
  await client.next();
  await Promise.all([server.close(), server.close()]);
  expect((await client.next())?.data.toString('latin1', 4)).toBe('the TFTP server was stopped\0');
  expect(events.at(-1)).toMatchObject({ phase: 'failed', reason: 'the TFTP server was stopped' });
  await until(() => sockets() <= before);
});

it('tells progress twice a second at most, and what it had to repeat', async () => {
  const clock = manualClock();
  const { server, events } = await liveTftp({ f: pattern(512 * 20) }, {}, { clock });
  keep(server);
  const client = keep(await peer());
  await client.send(rawRequest(1, 'f'), server.port);
  for (let block = 1; block <= 6; block += 1) {
    const packet = await client.next();
    clock.advance(block === 3 ? 500 : 20); // the third one is sent once more
    if (block === 3) await client.next();
    await client.send(rawAck(block), packet!.port);
  }
  await client.next();
  const told = events.filter((e) => e.phase === 'progress');
  expect(told).toMatchObject([{ bytes: 1536, total: 10_240, retransmits: 1 }]);
});

it('rejects with the adapter’s error when its port is taken', async () => {
  const { server } = await liveTftp({});
  keep(server);
  await expect(liveTftp({}, { port: server.port })).rejects.toThrow(NetError);
});

it('survives a socket that cannot be opened for a transfer', async () => {
  const { server, events } = await liveTftp(
    { f: pattern(10) },
    {},
    {
      openUdp: (options, receive) =>
        options.parts === true
          ? Promise.reject(new NetError('io', 'too many open files'))
          : openUdp(options, receive),
    },
  );
  keep(server);
  const client = keep(await peer());
  await client.send(rawRequest(1, 'f', 'octet', ['windowsize', '64']), server.port);
  await until(() => events.some((e) => e.phase === 'failed'));
  expect(events.at(-1)?.reason).toContain('too many open files');
});

it('leaves no socket open when one of them cannot be had', async () => {
  const sockets = (): number => readdirSync('/proc/self/fd').length;
  const before = sockets();
  let opened = 0;
  const failing = (options: UdpBindOptions, receive: UdpReceiver): Promise<UdpSocket> => {
    opened += 1;
    return opened === 3 ? Promise.reject(new NetError('io', 'no more')) : openUdp(options, receive);
  };
  await expect(liveTftp({}, {}, { openUdp: failing })).rejects.toThrow('no more');
  const { server } = await liveTftp({});
  const listening = sockets();
  await expect(liveTftp({}, { port: server.port })).rejects.toThrow(NetError);
  await until(() => sockets() === listening);
  await server.close();
  await until(() => sockets() <= before);
});
