import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { NetError } from '../../src/net/errors.ts';
import { openSsh } from '../../src/net/ssh.ts';
import { cases } from '../support/cases.ts';
import { flipping } from '../support/fake-kvm-host-flip.ts';
import { startFakeKvmHost } from '../support/fake-kvm-host.ts';
import { targetOf } from '../support/fake-kvm-host-target.ts';

/** Logs in to a server that does what `serve` does; gives the NetError that must come. */
async function meet(serve: (socket: Socket) => void, connectTimeoutMs = 2000): Promise<NetError> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    serve(socket);
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const credential = { kind: 'password', password: 'canary-password' } as const;
  const { port } = server.address() as AddressInfo;
  const target = { host: '127.0.0.1', port, username: 'root', credential, hostKey: undefined };
  try {
    const shell = await openSsh({ ...target, connectTimeoutMs, keepAliveMs: 5000 });
    await shell.close();
    throw new Error('logged in to a hostile server');
  } catch (error) {
    expect(error).toBeInstanceOf(NetError);
    return error as NetError;
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

it('gives an error for any bytes of a server', async () => {
  const bytes = fc.uint8Array({ maxLength: 400 });
  const versions = fc.constantFrom('', 'SSH-2.0-OpenSSH_9.2\r\n', 'SSH-1.99-x\n', 'hello\r\nSSH-2.0-\r\n');
  await fc.assert(
    fc.asyncProperty(versions, bytes, async (version, noise) => {
      const error = await meet((socket) => socket.end(Buffer.concat([Buffer.from(version), noise])));
      expect(['unreachable', 'login-refused', 'timeout']).toContain(error.code);
      expect(error.message).not.toContain('canary');
    }),
    { numRuns: Math.ceil(cases(100_000) / 20) },
  );
}, 300_000);

it('does not keep a flood of greetings, and does not wait for its end', async () => {
  const flood = (line: string) => (socket: Socket) => {
    const more = (): void => {
      if (!socket.destroyed) socket.write(line.repeat(1000), () => setImmediate(more));
    };
    more();
  };
  const before = process.memoryUsage().rss;
  for (const line of ['welcome to this machine\r\n', 'x'.repeat(1000)]) {
    expect(['unreachable', 'timeout']).toContain((await meet(flood(line), 1000)).code);
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
});

it('survives a connection whose bytes are changed anywhere', async () => {
  const fake = await startFakeKvmHost();
  const survive = async ([at, mask]: readonly [number, number]): Promise<void> => {
    const relay = await flipping(fake.port, at, mask);
    try {
      const shell = await openSsh(targetOf(fake, { port: relay.port, connectTimeoutMs: 1000 }));
      await shell.run(['x'], { timeoutMs: 300 }).catch((error: unknown) => {
        expect(error).toBeInstanceOf(NetError);
      });
      await shell.close();
    } catch (error) {
      expect(error).toBeInstanceOf(NetError);
    } finally {
      relay.close();
    }
  };
  const change = fc.tuple(fc.nat(3000), fc.integer({ min: 1, max: 255 }));
  await fc.assert(
    // Most end by a time-out, so many side by side.
    fc.asyncProperty(fc.array(change, { minLength: 10, maxLength: 10 }), async (changes) => {
      await Promise.all(changes.map(survive));
    }),
    { numRuns: Math.ceil(cases(100_000) / 1000) },
  );
  await fake.close();
}, 300_000);
