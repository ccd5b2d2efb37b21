import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { Sink } from './cli-world.ts';
import { chassisUuid, FakeConsoleServer, other, vmUuid } from './console-world.ts';

const folder = mkdtempSync(join(tmpdir(), 'rackwright-console-'));
let server: FakeConsoleServer;
let url: string;
beforeEach(async () => {
  server = new FakeConsoleServer();
  url = await server.listen();
});
afterEach(() => server.stop());
afterAll(() => rmSync(folder, { recursive: true }));

/** The command with pipes for a terminal. */
function start(words: string, stdout: Writable & { text?: string } = new Sink()) {
  const stdin = new PassThrough();
  const stderr = new Sink();
  const argv = ['console', ...words.split(' ').filter(Boolean)];
  const status = run(argv, { env: { HOME: folder, RACKWRIGHT_URL: url }, stdin, stdout, stderr });
  return { stdin, status, out: () => stdout.text ?? '', err: () => stderr.text };
}

/** At its end: the server sends the viewers away. */
async function sentAway(console: ReturnType<typeof start>): Promise<number> {
  server.say({ type: 'bye', text: 'the session ended; log in again', final: true });
  return await console.status;
}

describe('console', () => {
  it('shows what the machine printed and prints, and ends when the server ends it', async () => {
    server.print('boot\r\n');
    const console = start('node1');
    await vi.waitFor(() => expect(console.out()).toBe('boot\r\n'));
    server.print('\u00fe\u001b[31mlogin: ');
    await vi.waitFor(() => expect(console.out()).toContain('login: '));
    expect(server.links).toEqual([['/v1/baremetal/consoles', { params: { chassisUuid } }]]);
    expect(await sentAway(console)).toBe(1);
    expect(console.err()).toContain('-- console of chassis node1 (Provisioning, power on)\n');
    expect(console.err()).toContain('rackwright: the session ended; log in again');
    expect(console.err()).not.toMatch(/[0-9a-f]{64}/);
  });

  it.each([
    ['', undefined],
    ['--from start', 5],
    ['--from run', 8],
    ['--from now', 11],
  ])('begins where it is told: %j', async (words, from) => {
    server.start = 5;
    server.runStart = 8;
    server.print('oldnew');
    const console = start(`node1 ${words}`);
    await vi.waitFor(() =>
      expect(server.messages).toContainEqual(expect.objectContaining({ type: 'watch' })),
    );
    expect(server.messages[0]).toEqual({ type: 'watch', ...(from === undefined ? {} : { from }) });
    await sentAway(console);
  });

  it('types standard input when it has the keyboard, and leaves after it with --exit-on-eof', async () => {
    server.echo = true;
    const console = start('node1 --exit-on-eof');
    console.stdin.end(`${'x'.repeat(5000)}\n\u001dq`);
    expect(await console.status).toBe(0);
    // Without a terminal the escape character is a character.
    expect(server.typed).toBe(`${'x'.repeat(5000)}\n\u001dq`);
    expect(console.out()).toBe(server.typed.toUpperCase());
    expect(server.messages.filter(({ type }) => type === 'ask-write')).toHaveLength(1);
  });

  it('waits with its input for the keyboard that somebody has, and for a machine that takes no characters', async () => {
    server.writer = other;
    server.serial = { state: 'open', typing: false, canBreak: false };
    const console = start('node1');
    console.stdin.write('halt\n');
    await vi.waitFor(() => expect(server.messages).toContainEqual({ type: 'ask-write' }));
    server.give({ id: 'a1', name: 'me' });
    await new Promise((resolve) => void setTimeout(resolve, 50));
    expect(server.typed).toBe('');
    server.say({ type: 'serial', serial: { state: 'open', typing: true, canBreak: true } } as never);
    await vi.waitFor(() => expect(server.typed).toBe('halt\n'));
    await sentAway(console);
  });

  it('prints a whole record and leaves, when there is nothing to type', async () => {
    server.print('all of it');
    const console = start('node1 --from start --exit-on-eof --view-only');
    console.stdin.end();
    expect(await console.status).toBe(0);
    expect(console.out()).toBe('all of it');
    expect(server.messages).toEqual([{ type: 'watch', from: 0 }]);
    expect(server.links[0]).toEqual(['/v1/baremetal/consoles', { params: { chassisUuid, viewOnly: true } }]);
  });

  it('comes back after a loss by its resume ticket, where it was, without a byte twice', async () => {
    server.print('one ');
    const console = start('node1');
    await vi.waitFor(() => expect(console.out()).toBe('one '));
    server.drop();
    server.print('two ');
    await vi.waitFor(() => expect(console.out()).toBe('one two '), 5000);
    expect(server.messages).toContainEqual({ type: 'watch', from: 4 });
    expect(server.links).toHaveLength(1);
    expect(console.err()).toMatch(/-- .*lost.*; trying again in 0\.5 s\n-- connected again\n/);
    // The ticket may be worthless by then: then the API is asked for another one.
    server.refusals = [{ status: 404, details: 'used' }];
    server.drop();
    server.print('three');
    await vi.waitFor(() => expect(console.out()).toBe('one two three'), 5000);
    expect(server.links).toHaveLength(2);
    await sentAway(console);
  });

  it('goes back with a record that lost its end, and shows what came in its place', async () => {
    server.print('one two ');
    const console = start('node1');
    await vi.waitFor(() => expect(console.out()).toBe('one two '));
    server.output = Buffer.from('one ');
    server.drop();
    await vi.waitFor(() => expect(server.messages).toContainEqual({ type: 'watch', from: 4 }), 5000);
    expect(console.err()).toContain('lost the end of its record');
    server.print('three ');
    await vi.waitFor(() => expect(console.out()).toBe('one two three '));
    // It has grown past the place by the time of the next greeting.
    server.output = Buffer.from('one four and more');
    server.broken = { broken: { offset: 4, at: 1 } };
    server.drop();
    await vi.waitFor(() => expect(console.out()).toBe('one two three four and more'), 5000);
    expect(console.err().match(/lost the end of its record/g)).toHaveLength(2);
    // Known by now.
    server.drop();
    server.print('!');
    await vi.waitFor(() => expect(console.out()).toBe('one two three four and more!'), 5000);
    expect(console.err().match(/lost the end of its record/g)).toHaveLength(2);
    await sentAway(console);
  });

  it('comes back after a server that stopped said so', async () => {
    const console = start('node1');
    await vi.waitFor(() => expect(server.messages).toHaveLength(1));
    server.say({ type: 'bye', text: 'the server stops', final: false });
    server.drop();
    await vi.waitFor(() => expect(console.err()).toContain('the server stops; trying again'));
    await vi.waitFor(() => expect(console.err()).toContain('connected again'), 5000);
    await sentAway(console);
  });

  it('holds the server back while nobody takes the output', async () => {
    let release: (() => void) | undefined;
    let taken = 0;
    const slow = new Writable({
      highWaterMark: 1024,
      write(chunk: Buffer, _encoding, done) {
        taken += chunk.length;
        if (release === undefined) release = done;
        else done();
      },
    });
    const console = start('node1', slow);
    await vi.waitFor(() => expect(server.messages).toHaveLength(1));
    server.flood(400, Buffer.alloc(64 * 1024, 'x'));
    await new Promise((resolve) => void setTimeout(resolve, 300));
    const [socket] = server.sockets;
    expect(socket?.bufferedAmount).toBeGreaterThan(1024 * 1024);
    release?.();
    await vi.waitFor(() => expect(taken).toBe(400 * 64 * 1024), 10_000);
    await sentAway(console);
  }, 30_000);

  it('appends to a log that only its owner can read', async () => {
    const log = join(folder, 'node1.log');
    server.print('panic');
    for (let times = 0; times < 2; times++) {
      const console = start(`node1 --log ${log} --exit-on-eof`);
      console.stdin.end();
      expect(await console.status).toBe(0);
    }
    expect(readFileSync(log, 'utf8')).toBe('panicpanic');
    const refused = start('node1 --log /nowhere/x');
    expect(await refused.status).toBe(1);
    expect(refused.err()).toContain('the log cannot be written');
  });

  it('takes a console over only when it is told to', async () => {
    server.serial = { state: 'in-use', text: 'somebody else has it' };
    const polite = start('node1');
    await vi.waitFor(() => expect(polite.err()).toContain('somebody else has it'));
    await sentAway(polite);
    expect(server.messages).not.toContainEqual(expect.objectContaining({ type: 'take-over' }));
    const bold = start('node1 --take-over');
    await vi.waitFor(() => expect(bold.err()).toContain('take-over: done'));
    expect(server.messages).toContainEqual({ type: 'take-over', request: 1 });
    await sentAway(bold);
  });

  it('finds a VM when no chassis has the name, or at once by --vm', async () => {
    for (const words of ['web', `${vmUuid} --vm`]) {
      const console = start(words);
      await vi.waitFor(() => expect(server.sockets.size).toBe(1));
      await sentAway(console);
      server.drop();
      expect(server.links.pop()).toEqual(['/v1/consoles', { params: { vmInstanceUuid: vmUuid } }]);
    }
    const wrong = start('node1 --vm');
    expect([await wrong.status, wrong.err()]).toEqual([1, expect.stringContaining('there is no VM')]);
  });

  it.each([
    ['node1 --json', 2, 'leave --json out'],
    ['node1 --from yesterday', 2, '--from takes'],
    ['node1 --escape ^^^', 2, '--escape takes'],
    ['node1 --view-only --take-over', 2, 'exclude each other'],
    ['', 2, 'is missing'],
    ['node7', 1, 'there is no chassis or VM'],
  ])('refuses %j with status %i', async (words, status, text) => {
    const console = start(words);
    expect([await console.status, console.err()]).toEqual([status, expect.stringContaining(text)]);
  });

  it('says why a console is refused, and that a server is of another age', async () => {
    server.refusals = [{ status: 503, details: 'too many streams are open' }];
    const full = start('node1');
    expect([await full.status, full.err()]).toEqual([
      1,
      expect.stringContaining('too many streams are open'),
    ]);
    server.version = 9;
    const other = start('node1');
    expect([await other.status, other.err()]).toEqual([1, expect.stringContaining('speaks version 9')]);
  });

  it('skips messages that it does not know, and texts of others have no control characters', async () => {
    const console = start('node1');
    await vi.waitFor(() => expect(server.messages).toHaveLength(1));
    server.say({ type: 'weather' });
    server.say({ type: 'mark', offset: 0, at: 0, kind: 'gap', text: 'evil \u001b[2J' });
    await vi.waitFor(() => expect(console.err()).toContain('-- output may be missing here: evil ?[2J\n'));
    await sentAway(console);
  });
});
