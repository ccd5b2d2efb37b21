import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import type { SshShell, SshTarget } from '../../src/net/shell.ts';
import { openSsh } from '../../src/net/ssh.ts';
import { needRoot, needTools } from '../support/need.ts';
import { type OpensshServer, startOpenssh } from '../support/openssh-server.ts';

const there =
  needTools({ tool: 'sshd', package: 'openssh-server' }, { tool: 'ssh-keygen', package: 'openssh-client' }) &&
  needRoot();

describe.skipIf(!there)('OpenSSH', () => {
  let server: OpensshServer;
  const shells: SshShell[] = [];
  beforeAll(async () => {
    server = await startOpenssh();
  });
  afterAll(() => server.close());
  afterEach(async () => {
    await Promise.all(shells.splice(0).map((shell) => shell.close()));
  });

  async function log(change: Partial<SshTarget> = {}): Promise<SshShell> {
    const shell = await openSsh({ ...server.target, ...change });
    shells.push(shell);
    return shell;
  }

  it.each(['ed25519', 'rsa', 'ecdsa'] as const)(
    'lets in by an %s key and shows the key that ssh-keygen prints',
    async (type) => {
      const shell = await log({ credential: { kind: 'key', privateKey: server.userKeys[type] } });
      expect(shell.hostKey).toBe(server.fingerprints.ed25519);
      expect((await shell.run(['id', '-u'])).stdout).toBe('0\n');
    },
  );

  it.each(['ed25519', 'rsa', 'ecdsa'] as const)(
    'is known by its %s key, whichever was pinned',
    async (type) => {
      expect((await log({ hostKey: server.fingerprints[type] })).hostKey).toBe(server.fingerprints[type]);
    },
  );

  it('is refused by a key that is none of its own, and refuses a key that it does not know', async () => {
    const mismatch = log({ hostKey: `SHA256:${'A'.repeat(43)}` });
    await expect(mismatch).rejects.toMatchObject({
      code: 'host-key-mismatch',
      data: { seen: server.fingerprints.ed25519 },
    });
    const stranger = log({ credential: { kind: 'key', privateKey: server.strangerKey } });
    await expect(stranger).rejects.toMatchObject({ code: 'login-refused' });
    const password = log({ credential: { kind: 'password', password: 'x' } });
    await expect(password).rejects.toMatchObject({ code: 'login-refused' });
    await expect(password).rejects.toThrow('publickey');
  });

  it('gives exit codes, signals, input and arguments as they are', async () => {
    const shell = await log();
    const argv = ['sh', '-c', 'printf "%s|" "$@"; cat; exit 7', 'sh', "it's", '$HOME', 'two\nlines', ''];
    expect(await shell.run(argv, { input: 'in\nput' })).toEqual({
      exitCode: 7,
      signal: undefined,
      stdout: "it's|$HOME|two\nlines||in\nput",
      stderr: '',
      truncated: false,
    });
    expect(await shell.run(['/nowhere/virsh'])).toMatchObject({ exitCode: 127 });
    const killed = await shell.run(['sh', '-c', 'kill -9 $$']);
    expect(killed.exitCode === undefined || killed.exitCode === 137).toBe(true);
    const shellText = await shell.run(['sh', '-s', '--', 'a b'], { input: 'echo "$1"; echo done' });
    expect(shellText.stdout).toBe('a b\ndone\n');
  });

  it('carries big outputs and inputs, and cuts what is too much', async () => {
    const shell = await log();
    const input = 'x'.repeat(5_000_000);
    const echoed = await shell.run(['cat'], { input, maxBytes: 8 * 1024 * 1024 });
    expect(echoed.stdout === input).toBe(true);
    const cut = await shell.run(['head', '-c', '20000000', '/dev/zero']);
    expect(cut).toMatchObject({ exitCode: 0, truncated: true });
    expect(cut.stdout).toHaveLength(1024 * 1024);
  });

  it('runs fifty commands at once', async () => {
    const shell = await log();
    const all = await Promise.all(Array.from({ length: 50 }, (_, i) => shell.run(['echo', String(i)])));
    expect(all.map(({ exitCode, stdout }) => [exitCode, stdout])).toEqual(
      Array.from({ length: 50 }, (_, i) => [0, `${i}\n`]),
    );
  });

  it('has nothing left of a command that took too long', async () => {
    const shell = await log();
    const file = join(server.folder, 'slow.pid');
    const slow = shell.run(['sh', '-c', 'sleep 300 & echo $! > "$1"; wait', 'sh', file], { timeoutMs: 500 });
    await expect(slow).rejects.toMatchObject({ code: 'timeout' });
    await expect.poll(() => server.isAlive(file), { timeout: 10_000 }).toBe(false);
  });

  it('has nothing left of a follower when it is closed, or its connection breaks', async () => {
    const file = join(server.folder, 'follow.pid');
    const follow = ['sh', '-c', 'echo $$ > "$1"; echo line; exec sleep 300', 'sh', file];
    for (const end of ['close', 'break'] as const) {
      const shell = await log();
      const lines: string[] = [];
      const following = await shell.follow(follow, {
        line: (line) => lines.push(line),
        ended: () => undefined,
      });
      await expect.poll(() => lines).toEqual(['line']);
      expect(server.isAlive(file)).toBe(true);
      if (end === 'close') following.close();
      else server.endSessions();
      await expect.poll(() => server.isAlive(file), { timeout: 10_000 }).toBe(false);
    }
  });

  it('opens streams to TCP ports and unix sockets', async () => {
    const shell = await log();
    const echo = createServer((socket) => socket.pipe(socket));
    const unix = createServer((socket) => socket.pipe(socket));
    const socketPath = join(server.folder, 'echo');
    echo.listen(0, '127.0.0.1');
    unix.listen(socketPath);
    await Promise.all([once(echo, 'listening'), once(unix, 'listening')]);
    const targets = [{ host: '127.0.0.1', port: (echo.address() as AddressInfo).port }, { socketPath }];
    for (const target of targets) {
      const stream = await shell.connect(target);
      const sent = Buffer.alloc(3_000_000, 'rackwright');
      stream.end(sent);
      const got: Buffer[] = [];
      for await (const chunk of stream) got.push(chunk as Buffer);
      expect(Buffer.concat(got).equals(sent)).toBe(true);
    }
    echo.close();
    unix.close();
    await expect(shell.connect({ socketPath: join(server.folder, 'none') })).rejects.toMatchObject({
      code: 'refused',
    });
  });

  it('loses its commands when it is killed in the middle of them', async () => {
    const shell = await log();
    const running = [1, 2, 3].map(() => shell.run(['sleep', '300'], { timeoutMs: 5000 }));
    const caught = Promise.allSettled(running);
    const alive = await shell.run(['true']);
    expect(alive.exitCode).toBe(0);
    server.endSessions();
    for (const outcome of await caught) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'closed' } });
    }
    expect(await shell.closed).toEqual(expect.any(String));
  });
});

describe.skipIf(!there)('OpenSSH with MaxSessions 2', () => {
  it('runs fifty commands, two at a time', async () => {
    const server = await startOpenssh(['MaxSessions 2']);
    onTestFinished(() => server.close());
    const shell = await openSsh(server.target);
    onTestFinished(() => shell.close());
    const all = await Promise.all(Array.from({ length: 50 }, (_, i) => shell.run(['echo', String(i)])));
    expect(all.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 50 }, (_, i) => `${i}\n`));
  });

  it('says what to change when it gives no session, or no stream', async () => {
    const server = await startOpenssh([
      'MaxSessions 1',
      'AllowTcpForwarding no',
      'AllowStreamLocalForwarding no',
    ]);
    onTestFinished(() => server.close());
    const shell = await openSsh(server.target);
    onTestFinished(() => shell.close());
    await expect(shell.connect({ host: '127.0.0.1', port: 1 })).rejects.toThrow('AllowTcpForwarding');
    await expect(shell.connect({ socketPath: '/run/x' })).rejects.toThrow('AllowStreamLocalForwarding');
    const following = await shell.follow(['sleep', '300'], { line: () => undefined, ended: () => undefined });
    const refused = shell.run(['true'], { timeoutMs: 500 });
    await expect(refused).rejects.toMatchObject({ code: 'refused' });
    await expect(refused).rejects.toThrow('MaxSessions');
    following.close();
    expect((await shell.run(['echo', 'ok'])).stdout).toBe('ok\n');
  });
});
