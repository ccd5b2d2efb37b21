import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Duplex, PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { ApiOptions } from '../../src/api/index.ts';
import type { OpenedStream } from '../../src/api/streams/kinds.ts';
import { tunnelLimits } from '../../src/api/streams/tunnel.ts';
import { systemClock } from '../../src/base/clock.ts';
import { type ApiWorld, openApi } from '../support/api-world.ts';
import { cases } from '../support/cases.ts';

const vmUuid = 'ab'.repeat(16);
let world: ApiWorld;
/** What each ticket opens, once. */
let tickets: Map<string, () => Duplex>;
let sockets: WebSocket[];

async function open(options: Partial<ApiOptions> = {}): Promise<void> {
  tickets = new Map();
  sockets = [];
  world = await openApi(options, systemClock, {
    streams: {
      'usb-redirect': async (ticket): Promise<OpenedStream | undefined> => {
        const stream = tickets.get(ticket)?.();
        tickets.delete(ticket);
        return (
          stream && { stream, accountUuid: undefined, resourceType: 'VmInstanceVO', resourceUuid: vmUuid }
        );
      },
    },
  });
}

beforeEach(() => open());
afterEach(async () => {
  for (const socket of sockets) socket.terminate();
  await world.close();
});

function ticketFor(make: () => Duplex = () => new PassThrough()): string {
  const ticket = randomBytes(32).toString('hex');
  tickets.set(ticket, make);
  return ticket;
}

function dial(ticket: string, headers: Record<string, string> = {}, prefix = '/v1'): WebSocket {
  const socket = new WebSocket(`${world.api.url.replace('http', 'ws')}${prefix}/usb-redirect/${ticket}`, {
    headers,
  });
  sockets.push(socket);
  return socket;
}

/** Status and body of a refused upgrade; 101 when it was not refused. */
async function outcomeOf(socket: WebSocket): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve({ status: 101, body: '' }));
    socket.once('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode, body }));
    });
    socket.once('error', reject);
  });
}

async function audits(): Promise<Record<string, unknown>[]> {
  const answer = await world.api.inject({
    method: 'GET',
    url: '/v1/audits?q=api=OpenUsbRedirect',
    headers: { authorization: world.authorization },
  });
  return answer.json<{ inventories: Record<string, unknown>[] }>().inventories;
}

/** A socket pair in memory: what one end writes, the other reads. */
function pair(): [Duplex, Duplex] {
  const [there, back] = [new PassThrough(), new PassThrough()];
  const ends: [Duplex, Duplex] = [
    Duplex.from({ readable: there, writable: back }),
    Duplex.from({ readable: back, writable: there }),
  ];
  // The destruction of one end is an error of the other.
  for (const end of ends) end.on('error', () => {});
  return ends;
}

async function untilClosed(socket: WebSocket): Promise<{ code: number; reason: string }> {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  return { code, reason: reason.toString() };
}

describe('a good ticket', () => {
  it.each(['/v1', '/zstack/v1'])('carries bytes both ways under %s, once', async (prefix) => {
    const ticket = ticketFor();
    const socket = dial(ticket, {}, prefix);
    await once(socket, 'open');
    const sent = randomBytes(300_000);
    let got = Buffer.alloc(0);
    socket.on('message', (data: Buffer, isBinary) => {
      expect(isBinary).toBe(true);
      got = Buffer.concat([got, data]);
    });
    for (let at = 0; at < sent.length; at += 7001) socket.send(sent.subarray(at, at + 7001));
    await expect.poll(() => got.length).toBe(sent.length);
    expect(got.equals(sent)).toBe(true);
    expect((await outcomeOf(dial(ticket, {}, prefix))).status).toBe(404);
  });

  it('is audited with the VM, and never written to the log', async () => {
    const ticket = ticketFor();
    const socket = dial(ticket);
    await once(socket, 'open');
    socket.close();
    await untilClosed(socket);
    await expect.poll(() => world.log.lines.some((line) => line.includes('stream ended'))).toBe(true);
    await outcomeOf(dial(ticket));
    expect(world.log.lines.join('\n')).not.toContain(ticket);
    const entries = await audits();
    expect(entries.map(({ outcome, resourceUuid }) => [outcome, resourceUuid])).toEqual(
      expect.arrayContaining([
        ['Succeeded', vmUuid],
        ['Failed', undefined],
      ]),
    );
    expect(JSON.stringify(entries)).not.toContain(ticket);
  });

  it('ends the stream when the viewer goes, and the viewer when the stream ends', async () => {
    const streams = [new PassThrough(), new PassThrough()] as const;
    const first = dial(ticketFor(() => streams[0]));
    await once(first, 'open');
    first.close();
    await expect.poll(() => streams[0].destroyed || streams[0].writableEnded).toBe(true);

    const second = dial(ticketFor(() => streams[1]));
    await once(second, 'open');
    const rest = once(second, 'message') as Promise<[Buffer]>;
    const closed = untilClosed(second);
    streams[1].end('last words');
    expect((await rest)[0].toString()).toBe('last words');
    expect(await closed).toEqual({ code: 1000, reason: 'the host closed the connection' });
  });

  it('tells a broken stream by 1011 without its error text', async () => {
    const stream = new PassThrough();
    const socket = dial(ticketFor(() => stream));
    await once(socket, 'open');
    const closed = untilClosed(socket);
    stream.destroy(new Error('Secret-4711'));
    expect(await closed).toEqual({ code: 1011, reason: 'the connection to the host broke' });
  });

  it('passes on bytes that the stream had before the upgrade was done', async () => {
    const [near, far] = pair();
    far.write('hello first');
    const socket = dial(ticketFor(() => near));
    const [data] = (await once(socket, 'message')) as [Buffer];
    expect(data.toString()).toBe('hello first');
  });
});

describe('what is refused before the upgrade', () => {
  it.each([
    ['an unknown ticket', 'f'.repeat(64)],
    ['a short one', 'abc'],
  ])('%s by 404', async (_what, ticket) => {
    const { status, body } = await outcomeOf(dial(ticket));
    expect([status, JSON.parse(body)]).toMatchObject([404, { error: { code: 'SYS.1003' } }]);
    expect((await audits())[0]).toMatchObject({ outcome: 'Failed', errorCode: 'SYS.1003' });
  });

  it('a page of another origin by 403, which leaves the ticket good', async () => {
    const ticket = ticketFor();
    for (const origin of ['https://evil.example', 'null', 'file://']) {
      expect((await outcomeOf(dial(ticket, { origin }))).status).toBe(403);
    }
    expect((await outcomeOf(dial(ticket, { origin: world.api.url }))).status).toBe(101);
  });

  it('pages of publicUrl are let in', async () => {
    await world.close();
    await open({ publicUrl: 'https://rack.example/api' });
    expect((await outcomeOf(dial(ticketFor(), { origin: 'https://rack.example' }))).status).toBe(101);
    expect((await outcomeOf(dial(ticketFor(), { origin: 'http://rack.example' }))).status).toBe(403);
  });

  it('a plain GET by 426, which leaves the ticket good', async () => {
    const ticket = ticketFor();
    const answer = await fetch(`${world.api.url}/v1/usb-redirect/${ticket}`);
    expect([answer.status, answer.headers.get('upgrade')]).toEqual([426, 'websocket']);
    expect((await outcomeOf(dial(ticket))).status).toBe(101);
  });

  it('a stream that cannot be opened by 503, with the text in the log only', async () => {
    const ticket = ticketFor(() => {
      throw new Error('no such host');
    });
    const { status, body } = await outcomeOf(dial(ticket));
    expect(status).toBe(503);
    expect(body).not.toContain('no such host');
    expect(world.log.lines.join()).toContain('no such host');
  });

  it('a broken handshake by 400, which leaves the ticket good', async () => {
    const ticket = ticketFor();
    const answer = await rawRequest(
      `GET /v1/usb-redirect/${ticket} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect((await outcomeOf(dial(ticket))).status).toBe(101);
  });
});

async function rawRequest(text: string): Promise<string> {
  const socket = connect(world.api.port, '127.0.0.1');
  // No half-close: Node gives up answers to those who hang up.
  socket.write(text);
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  await once(socket, 'close');
  return answer;
}

describe('upgrades elsewhere', () => {
  it.each([
    [
      'websocket on a route without streams',
      'GET /health',
      'Upgrade: websocket',
      /^HTTP\/1\.1 200 .*"ok":true/s,
    ],
    ['h2c with a body', 'PUT /v1/accounts/login', 'Upgrade: h2c', /^HTTP\/1\.1 503 .*ID\.1000/s],
    [
      'a ticket with an encoded slash',
      'GET /v1/usb-redirect/..%2fx',
      'Upgrade: websocket',
      /^HTTP\/1\.1 426 /,
    ],
    ['a broken encoding', 'GET /v1/usb-redirect/%zz', 'Upgrade: websocket', /^HTTP\/1\.1 400 /],
    [
      'a ticket that is far too long',
      `GET /v1/usb-redirect/${'a'.repeat(600)}`,
      'Upgrade: websocket',
      /^HTTP\/1\.1 400 /,
    ],
    ['a POST of a WebSocket', 'POST /v1/usb-redirect/x', 'Upgrade: websocket', /^HTTP\/1\.1 405 /],
    ['a POST to a stream', 'POST /v1/usb-redirect/x', 'Upgrade: h2c', /^HTTP\/1\.1 405 /],
  ])('%s is answered as a plain request', async (_what, line, upgrade, expected) => {
    const body = line.startsWith('PUT')
      ? JSON.stringify({ logInByAccount: { accountName: 'x', password: 'x' } })
      : '';
    const length = body === '' ? '' : `Content-Length: ${body.length}\r\n`;
    const answer = await rawRequest(
      `${line} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\n${upgrade}\r\n${length}\r\n${body}`,
    );
    expect(answer).toMatch(expected);
  });
});

describe('viewers that misbehave', () => {
  it('a text frame ends the tunnel by 1003', async () => {
    const socket = dial(ticketFor());
    await once(socket, 'open');
    socket.send('text');
    expect((await untilClosed(socket)).code).toBe(1003);
  });

  it('a frame above 1 MiB ends it by 1009 and closes the stream', async () => {
    const stream = new PassThrough();
    const socket = dial(ticketFor(() => stream));
    await once(socket, 'open');
    socket.send(Buffer.alloc(1024 * 1024 + 1));
    expect((await untilClosed(socket)).code).toBe(1009);
    await expect.poll(() => stream.destroyed || stream.writableEnded).toBe(true);
  });

  it('one that never reads holds the stream, and is dropped', async () => {
    await world.close();
    await open({ tunnelLimits: { ...tunnelLimits, stallMs: 300 } });
    let taken = 0;
    const endless = new Duplex({
      read() {
        taken += 65_536;
        this.push(Buffer.alloc(65_536));
      },
      write: (_chunk, _encoding, done) => done(),
    });
    const socket = dial(ticketFor(() => endless));
    await once(socket, 'open');
    socket.pause();
    await expect.poll(() => endless.destroyed, { timeout: 5000 }).toBe(true);
    // Our limit, and what the kernel takes for both sockets.
    expect(taken).toBeLessThan(32 * 1024 * 1024);
    await expect.poll(() => world.log.lines.join()).toContain('the viewer does not read');
  });

  it('one that reads slowly gets every byte', async () => {
    await world.close();
    await open({ tunnelLimits: { ...tunnelLimits, highBytes: 100_000, lowBytes: 50_000 } });
    const size = 8 * 1024 * 1024;
    const [near, far] = pair();
    const socket = dial(ticketFor(() => near));
    await once(socket, 'open');
    let got = 0;
    socket.on('message', (data: Buffer) => {
      got += data.length;
      if (got % 17 === 0) return;
      socket.pause();
      setTimeout(() => socket.resume(), 1);
    });
    far.write(Buffer.alloc(size, 7));
    await expect.poll(() => got, { timeout: 10_000 }).toBe(size);
  });

  it('one that answers no ping is dropped', async () => {
    await world.close();
    await open({ tunnelLimits: { ...tunnelLimits, pingMs: 50, silentMs: 200 } });
    const stream = new PassThrough();
    const mute = new WebSocket(
      `${world.api.url.replace('http', 'ws')}/v1/usb-redirect/${ticketFor(() => stream)}`,
      {
        autoPong: false,
      },
    );
    sockets.push(mute);
    await once(mute, 'open');
    expect((await untilClosed(mute)).code).toBe(1006);
    expect(stream.destroyed).toBe(true);
    const healthy = dial(ticketFor());
    await once(healthy, 'open');
    await sleep(400);
    expect(healthy.readyState).toBe(WebSocket.OPEN);
  });

  it('a slow stream holds the viewer', async () => {
    let release: () => void = () => {};
    let written = 0;
    const slow = new Duplex({
      highWaterMark: 1000,
      read() {},
      write(chunk: Buffer, _encoding, done) {
        written += chunk.length;
        release = done;
      },
    });
    const socket = dial(ticketFor(() => slow));
    await once(socket, 'open');
    for (let i = 0; i < 1000; i += 1) socket.send(Buffer.alloc(50_000));
    await expect.poll(() => written).toBe(50_000);
    await expect.poll(() => socket.bufferedAmount).toBeGreaterThan(1_000_000);
    expect(slow.writableLength).toBeLessThan(2_000_000);
    // One chunk a turn: whatever waits is asked for by the tunnel alone.
    const stop = setInterval(() => release());
    await expect.poll(() => written, { timeout: 10_000 }).toBe(50_000_000);
    clearInterval(stop);
  });

  it('random frames and raw bytes leave the API answering', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }),
        fc.uint8Array({ maxLength: 100 }),
        async (frames, raw) => {
          const socket = dial(ticketFor());
          await once(socket, 'open');
          const closed = untilClosed(socket);
          for (const frame of frames) socket.send(frame);
          const { _socket: tcp } = socket as unknown as {
            _socket: { write(bytes: Uint8Array): void; end(): void };
          };
          tcp.write(raw);
          tcp.end();
          await closed;
        },
      ),
      { numRuns: Math.min(cases(100), 100) },
    );
    expect((await fetch(`${world.api.url}/health`)).status).toBe(200);
    await expect
      .poll(() => world.log.lines.filter((line) => line.includes('stream ended')).length)
      .toBe(Math.min(cases(100), 100));
  });
});

it('tells viewers when the server stops, and stops', async () => {
  const stream = new PassThrough();
  const socket = dial(ticketFor(() => stream));
  await once(socket, 'open');
  const closed = untilClosed(socket);
  await world.api.close();
  expect(await closed).toEqual({ code: 1001, reason: 'the server stops' });
  expect(stream.destroyed).toBe(true);
});
