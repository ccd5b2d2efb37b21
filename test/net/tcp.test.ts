import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { connectTcp } from '../../src/net/tcp.ts';
import { handClock } from '../console/rfb/fake-server.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

it('connects and carries bytes', async () => {
  const clock = handClock();
  const stream = await connectTcp({ host: '127.0.0.1', port: await listen(), timeoutMs: 5000, clock });
  clock.advance(5000);
  stream.write('there and back');
  const back = await new Promise<Buffer>((resolve) => {
    stream.once('data', resolve);
  });
  expect(back.toString()).toBe('there and back');
  stream.destroy();
});

it('survives a fault that comes before its user', async () => {
  const port = await listen();
  const stream = await connectTcp({ host: '127.0.0.1', port, timeoutMs: 5000, clock: systemClock });
  stream.destroy(new Error('reset'));
  await new Promise((resolve) => {
    stream.once('close', resolve);
  });
  expect(stream.destroyed).toBe(true);
});

it('says that nothing listens', async () => {
  const port = await listen();
  servers.splice(0).forEach((server) => server.close());
  await expect(
    connectTcp({ host: '127.0.0.1', port, timeoutMs: 5000, clock: systemClock }),
  ).rejects.toMatchObject({
    name: 'NetError',
    code: 'refused',
    message: `nothing listens at 127.0.0.1 port ${port}`,
  });
});

it('says that there is no way', async () => {
  // RFC 6761 §6.4: a name that never exists. Where there is no resolver at all the answer is the same.
  const target = { host: 'screen.invalid', port: 5900, timeoutMs: 15_000, clock: systemClock };
  await expect(connectTcp(target)).rejects.toMatchObject({ name: 'NetError', code: 'unreachable' });
});

it('gives up in time', async () => {
  const clock = handClock();
  const connecting = connectTcp({ host: '127.0.0.1', port: await listen(), timeoutMs: 3000, clock });
  clock.advance(3000);
  await expect(connecting).rejects.toMatchObject({ name: 'NetError', code: 'timeout' });
});
