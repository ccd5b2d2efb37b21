import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { needTools } from '../support/need.ts';
import { FakeConsoleServer, other } from './console-world.ts';

const there = needTools({ tool: 'script', package: 'bsdutils' });
const main = resolve(import.meta.dirname, '../../src/cli/main.ts');
const tsx = resolve(import.meta.dirname, '../../node_modules/tsx/dist/loader.mjs');
const folder = mkdtempSync(join(tmpdir(), 'rackwright-console-pty-'));
const patient = { timeout: 15_000 };

let server: FakeConsoleServer;
let url: string;
let child: ChildProcess | undefined;
beforeEach(async () => {
  server = new FakeConsoleServer();
  url = await server.listen();
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await server.stop();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The program in a terminal of its own; then its exit status, and whether the terminal is as it was. */
function start(words = '') {
  const line = `${process.execPath} --import ${tsx} ${main} console node1 ${words}; echo "status $?"; stty -a`;
  const env = { PATH: process.env['PATH'], HOME: folder, RACKWRIGHT_URL: url };
  const terminal = spawn('script', ['-qec', line, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  child = terminal;
  let text = '';
  terminal.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  const ended = new Promise<string>((done) => void terminal.on('close', () => done(text)));
  return {
    text: () => text,
    type: (keys: string) => terminal.stdin.write(keys, 'latin1'),
    ended,
    sees: (part: string) => vi.waitFor(() => expect(text).toContain(part), patient),
  };
}

/** The process of the command itself. */
function commandPid(): number {
  const isOurs = (pid: string): boolean => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return (
        words.includes(main) &&
        words[0] === process.execPath &&
        readFileSync(`/proc/${pid}/environ`, 'utf8').includes(url)
      );
    } catch {
      return false;
    }
  };
  const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && isOurs(name));
  if (pid === undefined) throw new Error('the command does not run');
  return Number(pid);
}

const sane = (text: string): void => {
  expect(text).toMatch(/[^-]icanon/);
  expect(text).toMatch(/[^-]echo /);
};

describe.skipIf(!there)('a console in a terminal', () => {
  it('types every key but the escape character, shows output as it is, and leaves by ^] q', async () => {
    server.print('\u001b[1mlogin: ');
    const t = start();
    await t.sees('you have the keyboard');
    t.type('root\r\u0003\u0004\u001a');
    await vi.waitFor(() => expect(server.typed).toBe('root\r\u0003\u0004\u001a'), patient);
    expect(t.text()).toContain('\u001b[1mlogin: ');
    expect(t.text()).not.toContain('root');
    t.type('\u001d\u001d\u001db\u001d?');
    await t.sees('break: done');
    await t.sees('h hand it over');
    expect(server.typed).toBe('root\r\u0003\u0004\u001a\u001d');
    t.type('\u001dq');
    const text = await t.ended;
    expect(text).toContain('status 0');
    sane(text);
  }, 60_000);

  it('asks for the keyboard, hands it over, and switches the power only when that is confirmed', async () => {
    server.writer = other;
    const t = start('--escape ^A');
    await t.sees('eve (192.0.2.66) has the keyboard; ^A w asks for it');
    t.type('lost');
    await t.sees('this was not typed');
    t.type('\u0001w');
    await vi.waitFor(() => expect(server.messages).toContainEqual({ type: 'ask-write' }), patient);
    server.give({ id: 'a1', name: 'admin' });
    await t.sees('you have the keyboard');
    server.say({ type: 'write-asked', by: other, seconds: 30 });
    await t.sees('^A h hands it over, ^A k keeps it; without an answer it goes over in 30 s');
    t.type('\u0001pfn');
    await t.sees('the power stays as it is');
    t.type('\u0001pfy');
    await t.sees('power off: done');
    t.type('\u0001h');
    await vi.waitFor(() => expect(server.writer).toEqual(other), patient);
    expect(server.messages).toContainEqual({ type: 'hand-over', to: other.id });
    expect(server.messages.filter(({ type }) => type === 'power')).toEqual([
      { type: 'power', request: 1, action: 'off' },
    ]);
    expect(server.typed).toBe('');
    t.type('\u0001q');
    expect(await t.ended).toContain('status 0');
  }, 60_000);

  it.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    'leaves the terminal as it was after %s',
    async (signal, status) => {
      const t = start();
      await t.sees('you have the keyboard');
      process.kill(commandPid(), signal);
      const text = await t.ended;
      expect(text).toContain(`status ${status}`);
      sane(text);
    },
    60_000,
  );

  it('leaves it as it was when the server ends the console, and can be left while it looks for the server', async () => {
    const ended = start();
    await ended.sees('you have the keyboard');
    server.say({ type: 'bye', text: 'this machine is not managed any more', final: true });
    const text = await ended.ended;
    expect(text).toContain('rackwright: this machine is not managed any more');
    expect(text).toContain('status 1');
    sane(text);
    const lost = start();
    await lost.sees('you have the keyboard');
    await server.stop();
    await lost.sees('trying again in 1.0 s; ^] q leaves');
    lost.type('\u001dq');
    expect(await lost.ended).toContain('status 0');
  }, 60_000);
});
