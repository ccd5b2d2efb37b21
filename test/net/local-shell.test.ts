import { once } from 'node:events';
import { createServer } from 'node:net';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openLocalShell } from '../../src/net/local-shell.ts';
import type { HostShell } from '../../src/net/shell.ts';
import { needRoot } from '../support/need.ts';

const folder = mkdtempSync(join(tmpdir(), 'local-shell-'));
afterAll(() => rmSync(folder, { recursive: true }));

let shell: HostShell;
const there = needRoot();
beforeEach(async () => {
  if (there) shell = await openLocalShell();
});
afterEach(async () => {
  if (there) await shell.close();
});
const isAlive = (pid: number): boolean => {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
};

it.skipIf(!there)('gives arguments as they are, input, and the exit code', async () => {
  const script = 'printf "%s|" "$@"; cat; echo oops >&2; exit 5';
  const result = await shell.run(['sh', '-c', script, 'sh', "it's", '$HOME', ''], { input: 'in' });
  expect(result).toEqual({
    exitCode: 5,
    signal: undefined,
    stdout: "it's|$HOME||in",
    stderr: 'oops\n',
    truncated: false,
  });
});

it.skipIf(!there)('answers as a shell does for a program that is not there or may not run', async () => {
  expect(await shell.run(['/nowhere/virsh'])).toMatchObject({ exitCode: 127 });
  expect(await shell.run(['/etc/passwd'])).toMatchObject({ exitCode: 126 });
  expect(await shell.run(['sh', '-c', 'kill -9 $$'])).toMatchObject({
    exitCode: undefined,
    signal: 'SIGKILL',
  });
});

it.skipIf(!there)('cuts output, and does not mind a program that reads no input', async () => {
  const result = await shell.run(['head', '-c', '3000000', '/dev/zero'], {
    maxBytes: 10,
    input: 'x'.repeat(1_000_000),
  });
  expect(result).toMatchObject({ exitCode: 0, truncated: true, stdout: '\0'.repeat(10) });
});

it.skipIf(!there)('ends the whole process group of a command that takes too long', async () => {
  const file = join(folder, 'pid');
  const run = shell.run(['sh', '-c', 'sleep 300 & echo $! > "$1"; wait', 'sh', file], { timeoutMs: 500 });
  await expect(run).rejects.toMatchObject({ code: 'timeout' });
  const pid = Number(readFileSync(file, 'utf8'));
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
});

it.skipIf(!there)('follows lines, and ends what it follows with all its children', async () => {
  const lines: string[] = [];
  const ended: string[] = [];
  const following = await shell.follow(['sh', '-c', 'sleep 300 & echo $!; echo two; wait'], {
    line: (line) => lines.push(line),
    ended: (why) => ended.push(why),
  });
  await vi.waitFor(() => expect(lines).toHaveLength(2));
  expect(lines[1]).toBe('two');
  expect(isAlive(Number(lines[0]))).toBe(true);
  following.close();
  following.close();
  await vi.waitFor(() => expect(isAlive(Number(lines[0]))).toBe(false));
  expect(ended).toEqual(['it was closed']);
});

it.skipIf(!there)('tells why a follower ended', async () => {
  const ended = await new Promise<string>((resolve, reject) => {
    shell
      .follow(['sh', '-c', 'echo no libvirt here >&2; exit 1'], { line: () => undefined, ended: resolve })
      .catch(reject);
  });
  expect(ended).toBe('no libvirt here');
});

it.skipIf(!there)('opens a stream to a unix socket of this machine', async () => {
  const socketPath = join(folder, 'echo');
  const server = createServer((socket) => socket.pipe(socket)).listen(socketPath);
  await once(server, 'listening');
  const stream = await shell.connect({ socketPath });
  stream.end('ping');
  expect(String((await once(stream, 'data'))[0])).toBe('ping');
  server.close();
  await expect(shell.connect({ socketPath: join(folder, 'none') })).rejects.toMatchObject({
    code: 'refused',
  });
});

it.skipIf(!there)('ends everything when it is closed', async () => {
  const running = shell.run(['sleep', '300']);
  running.catch(() => undefined);
  await shell.close();
  await shell.close();
  await expect(running).rejects.toMatchObject({ code: 'closed' });
  await expect(shell.run(['true'])).rejects.toMatchObject({ code: 'closed' });
  expect(await shell.closed).toBe('it was closed');
});
