import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import type { FastifyInstance } from 'fastify';
import fastify from 'fastify';
import { expect, it, onTestFinished } from 'vitest';
import type { HttpLimits } from '../../src/api/http.ts';
import { answerBrokenRequest, httpLimits, serverLimits, watchConnections } from '../../src/api/http.ts';

/** The limits of the product, in the same order of size, a hundred times shorter. */
const short: HttpLimits = {
  headersMs: 150,
  requestMs: 400,
  connectionMs: 700,
  keepAliveMs: 800,
  answerMs: 1500,
  checkMs: 50,
};

let newest: FastifyInstance;

/** A server with those limits; `/big` answers 64 MiB, more than any socket buffers. */
async function server(limits: Partial<HttpLimits> = {}) {
  const app = fastify({
    ...serverLimits({ ...short, ...limits }),
    clientErrorHandler: answerBrokenRequest,
    forceCloseConnections: true,
  });
  newest = app;
  watchConnections(app.server, { ...short, ...limits });
  app.get('/small', async () => ({ ok: true }));
  app.post('/small', async () => ({ ok: true }));
  app.get('/big', async () => 'x'.repeat(67_108_864));
  await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  return (app.server.address() as AddressInfo).port;
}

/** A connection with what it received and its end. */
function client(port: number, first: string) {
  const socket = connect(port, '127.0.0.1', () => socket.write(first));
  let text = '';
  socket.on('data', (chunk) => (text += String(chunk)));
  socket.on('error', () => {});
  const ended = new Promise<string>((resolve) => {
    socket.once('close', () => resolve(text));
  });
  onTestFinished(() => void socket.destroy());
  return { socket, ended };
}

/** Sends a byte now and then for as long as the connection stands. */
function drip(socket: Socket, byte: string): void {
  const timer = setInterval(() => socket.write(byte), 40);
  socket.once('close', () => clearInterval(timer));
}

it('the limits of the product are in that order too', () => {
  const { headersMs, requestMs, connectionMs, keepAliveMs, answerMs } = httpLimits;
  const limits = [headersMs, requestMs, connectionMs, keepAliveMs, answerMs];
  expect(limits).toEqual(limits.toSorted((a, b) => a - b));
});

it('headers that come a byte at a time are cut off with a JSON error', async () => {
  const { socket, ended } = client(await server(), 'GET /small HTTP/1.1\r\nHost: a\r\nX-Slow: ');
  drip(socket, 'x');
  const answer = await ended;
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  expect(answer).toContain('took too long to arrive');
});

it('a body that comes a byte at a time is cut off', async () => {
  const head =
    'POST /small HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"';
  const { socket, ended } = client(await server(), head);
  drip(socket, ' ');
  expect(await ended).toMatch(/^HTTP\/1\.1 408 /);
});

it('a connection that sends nothing is cut off, one that says nothing more after an answer too', async () => {
  const port = await server();
  const silent = client(port, '');
  const done = client(port, 'GET /small HTTP/1.1\r\nHost: a\r\n\r\n');
  await silent.ended;
  expect(await done.ended).toContain('{"ok":true}');
});

/** Connections that the server still has after a while of waiting for none: a client that does not read cannot see its end. */
async function leftOpen(): Promise<number> {
  const { server: listening } = newest;
  const count = (): Promise<number> =>
    new Promise((resolve, reject) => {
      listening.getConnections((error, number) => (error ? reject(error) : resolve(number)));
    });
  for (let tries = 0; tries < 500 && (await count()) > 0; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return count();
}

it('a client that stops reading its answer is cut off', async () => {
  const port = await server({ answerMs: 60_000 });
  const { socket } = client(port, '');
  socket.pause();
  socket.write('GET /big HTTP/1.1\r\nHost: a\r\n\r\n');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await leftOpen()).toBe(0);
});

it('a client that does not read but goes on sending is cut off when its time is up', async () => {
  const port = await server();
  const { socket } = client(port, '');
  socket.pause();
  socket.write('GET /big HTTP/1.1\r\nHost: a\r\n\r\n');
  drip(socket, '\r\n');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await leftOpen()).toBe(0);
});

it('a client that reads a little at a time is cut off when its time is up', async () => {
  const port = await server({ connectionMs: 10_000, answerMs: 600 });
  const { socket, ended } = client(port, '');
  let received = 0;
  socket.removeAllListeners('data');
  socket.on('data', (chunk) => {
    received += chunk.length;
    socket.pause();
    setTimeout(() => socket.resume(), 20);
  });
  socket.write('GET /big HTTP/1.1\r\nHost: a\r\n\r\n');
  await ended;
  expect(received).toBeGreaterThan(0);
  expect(received).toBeLessThan(67_108_864);
});

it('a large answer reaches a client that reads it', async () => {
  const port = await server({ answerMs: 60_000, connectionMs: 10_000 });
  const answer = await fetch(`http://127.0.0.1:${port}/big`);
  expect((await answer.text()).length).toBe(67_108_864);
});

it('slow clients do not keep others from being answered', async () => {
  const port = await server();
  for (let number = 0; number < 200; number += 1) client(port, 'GET /small HTTP/1.1\r\nHost:');
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => (await fetch(`http://127.0.0.1:${port}/small`)).status),
  );
  expect(new Set(answers)).toEqual(new Set([200]));
});
