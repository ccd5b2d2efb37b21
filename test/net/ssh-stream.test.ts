import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { SshShell } from '../../src/net/shell.ts';
import { openSsh } from '../../src/net/ssh.ts';
import { type FakeKvmHost, startFakeKvmHost } from '../support/fake-kvm-host.ts';
import { targetOf } from '../support/fake-kvm-host-target.ts';

let fake: FakeKvmHost;
let shell: SshShell;
let echo: Server;
const folder = mkdtempSync(join(tmpdir(), 'ssh-stream-'));
beforeEach(async () => {
  fake = await startFakeKvmHost();
  shell = await openSsh(targetOf(fake));
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
});
afterEach(async () => {
  await shell.close();
  await fake.close();
  echo.close();
  rmSync(folder, { recursive: true, force: true });
});

async function listen(path?: string): Promise<{ host: string; port: number }> {
  if (path === undefined) echo.listen(0, '127.0.0.1');
  else echo.listen(path);
  await once(echo, 'listening');
  return { host: '127.0.0.1', port: path === undefined ? (echo.address() as AddressInfo).port : 0 };
}

it('carries ten megabytes both ways through a TCP stream, and its end', async () => {
  const stream = await shell.connect(await listen());
  const sent = Buffer.alloc(10 * 1024 * 1024, 'rackwright');
  stream.end(sent);
  const got: Buffer[] = [];
  for await (const chunk of stream) got.push(chunk as Buffer);
  expect(Buffer.concat(got).equals(sent)).toBe(true);
});

it('holds a sender back while nobody reads', async () => {
  const stream = await shell.connect(await listen());
  let written = 0;
  const block = Buffer.alloc(64 * 1024);
  while (written < 64 * 1024 * 1024) {
    written += block.length;
    if (!stream.write(block)) {
      const drained = await Promise.race([
        once(stream, 'drain').then(() => true),
        new Promise<boolean>((resolve) => void setTimeout(resolve, 200, false)),
      ]);
      if (!drained) break;
    }
  }
  expect(written).toBeLessThan(40 * 1024 * 1024);
  stream.destroy();
});

it('reaches a unix socket', async () => {
  const socketPath = join(folder, 'echo');
  await import('node:fs').then(({ mkdirSync }) => mkdirSync(folder, { recursive: true }));
  await listen(socketPath);
  const stream = await shell.connect({ socketPath });
  stream.write('ping');
  expect(String((await once(stream, 'data'))[0])).toBe('ping');
  stream.destroy();
});

it('says that nobody listens, and that the host forbids it', async () => {
  const { port } = await listen();
  await new Promise((resolve) => void echo.close(resolve));
  await expect(shell.connect({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'refused' });
  fake.behaviour.forward = undefined;
  await expect(shell.connect({ socketPath: '/run/x' })).rejects.toMatchObject({ code: 'refused' });
});

it('ends on both sides when one destroys it, and breaks with the connection', async () => {
  let ends = 0;
  echo.on('connection', (socket) => void socket.on('close', () => ends++));
  const target = await listen();
  const first = await shell.connect(target);
  first.destroy();
  first.destroy();
  await vi.waitFor(() => expect(ends).toBe(1));

  const second = await shell.connect(target);
  const closed = new Promise<unknown>((resolve) => {
    let error: unknown;
    second.on('error', (told) => void (error = told));
    second.on('close', () => resolve(error));
  });
  fake.drop();
  expect(await closed).toMatchObject({ code: 'closed' });
  expect(second.destroyed).toBe(true);
});
