import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { needRoot, needTools } from '../support/need.ts';
import type { Line } from '../support/tftp-server-process.ts';
import { runProgram } from '../support/run-program.ts';
import { pattern, until } from '../support/tftp-peer.ts';

const able =
  needTools(
    { tool: 'ip', package: 'iproute2' },
    { tool: 'nft', package: 'nftables' },
    { tool: 'atftp', package: 'atftp' },
    { tool: 'tftp', package: 'tftp-hpa' },
    { tool: 'curl', package: 'curl' },
    { tool: 'busybox', package: 'busybox-static' },
  ) && needRoot();

/** A namespace of our own whose loopback loses packets; server and client are both inside. */
const netns = `rw-tftp-${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), 'rackwright-loss-'));
let server: ChildProcess | undefined;
const lines: Line[] = [];

const root = (...command: string[]): void => {
  const { status, stderr } = spawnSync(command[0]!, command.slice(1), {
    env: { PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
  });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr.toString()}`);
};
const inside = (...command: string[]): void => root('ip', 'netns', 'exec', netns, ...command);

/** The event that a transfer ended so, if it came. */
const ended = (phase: 'done' | 'failed', file: string) =>
  lines.find(
    (line) => line !== 'ready' && line.kind === 'tftp' && line.phase === phase && line.file === file,
  ) as Extract<Line, { kind: 'tftp' }> | undefined;

/** Drops a part of all UDP packets, in both directions. */
function lose(percent: number): void {
  inside('nft', 'flush ruleset');
  if (percent === 0) return;
  inside('nft', 'add table inet loss; add chain inet loss in { type filter hook input priority 0; }');
  inside('nft', `add rule inet loss in meta l4proto udp numgen random mod 100 < ${percent} drop`);
}

describe.skipIf(!able)('over a link that loses packets', () => {
  beforeAll(async () => {
    root('ip', 'netns', 'add', netns);
    inside('ip', 'link', 'set', 'lo', 'up');
    const [program, ...enter] = ['ip', 'netns', 'exec', netns] as const;
    server = spawn(
      program,
      [
        ...enter,
        process.execPath,
        '--import',
        'tsx',
        resolve(import.meta.dirname, '../support/tftp-server-process.ts'),
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    createInterface(server.stdout!).on('line', (line) => lines.push(JSON.parse(line) as Line));
    await until(() => lines.includes('ready'), 20_000);
  });
  afterAll(async () => {
    if (server !== undefined) {
      const gone = new Promise((resolve) => {
        server?.once('close', resolve);
      });
      server.stdin!.end();
      await gone;
    }
    root('ip', 'netns', 'del', netns);
    rmSync(folder, { recursive: true });
  });

  const fetchers: [string, number, number, (name: string, to: string) => string[]][] = [
    [
      'atftp, blksize 1468',
      5,
      300_000,
      (name, to) => [
        'atftp',
        '--tftp-timeout',
        '1',
        '--option',
        'blksize 1468',
        '-g',
        '-r',
        name,
        '-l',
        to,
        '127.0.0.1',
      ],
    ],
    [
      'atftp, windowsize 8',
      10,
      300_000,
      (name, to) => [
        'atftp',
        '--tftp-timeout',
        '1',
        '--option',
        'blksize 1468',
        '--option',
        'windowsize 8',
        '-g',
        '-r',
        name,
        '-l',
        to,
        '127.0.0.1',
      ],
    ],
    [
      'tftp-hpa, blocks of 512',
      10,
      20_000,
      (name, to) => ['tftp', '-m', 'binary', '127.0.0.1', '-c', 'get', name, to],
    ],
    [
      'tftp-hpa, blocks of 512',
      30,
      10_000,
      (name, to) => ['tftp', '-m', 'binary', '127.0.0.1', '-c', 'get', name, to],
    ],
    [
      'busybox, blocks of 1468',
      30,
      70_000,
      (name, to) => ['busybox', 'tftp', '-g', '-b', '1468', '-r', name, '-l', to, '127.0.0.1'],
    ],
    [
      'curl, blocks of 512',
      10,
      20_000,
      (name, to) => ['curl', '-sS', '--tftp-no-options', '-o', to, `tftp://127.0.0.1/${name}`],
    ],
  ];
  it.each(fetchers)(
    '%s, fetches at a loss of %i % all of %i bytes',
    async (_, percent, size, command) => {
      lose(percent);
      const to = join(folder, `out-${lines.length}`);
      let said = '';
      // Clients of the same quality as their servers: when the answer to our OACK is lost, atftp takes the repeated OACK
      // (RFC 2347) for a fault; some wait five seconds for each lost request and give up. What they call whole has to be whole.
      for (let tries = 0; tries < 8; tries += 1) {
        lines.splice(0);
        rmSync(to, { force: true });
        const run = ['netns', 'exec', netns, ...command(`f${size}`, to)];
        const { stdout, stderr, status } = await runProgram('ip', run, { timeoutMs: 30_000 });
        said = `${status} ${stdout.toString()}${stderr}`;
        if (status === 0 && !/abort|error|timed out|unexpected/i.test(said)) break;
      }
      expect([said, readFileSync(to).equals(Buffer.from(pattern(size)))]).toEqual([said, true]);
      // The last ACK may be lost as well, and the client is gone then: the server can only say how far it was told.
      const told = (): boolean =>
        ended('done', `f${size}`)?.bytes === size ||
        (ended('failed', `f${size}`)?.bytes ?? 0) > size - 8 * 1468 - 1;
      await until(told, 40_000);
      lines.splice(0);
    },
    180_000,
  );

  it('says that high ports are the usual cause when a firewall lets only requests through', async () => {
    lose(0);
    lines.splice(0);
    inside('nft', 'add table inet wall; add chain inet wall in { type filter hook input priority 0; }');
    inside('nft', 'add rule inet wall in udp dport 69 accept; add rule inet wall in meta l4proto udp drop');
    const client = runProgram(
      'ip',
      [
        'netns',
        'exec',
        netns,
        'atftp',
        '--tftp-timeout',
        '2',
        '-g',
        '-r',
        'f9',
        '-l',
        join(folder, 'none'),
        '127.0.0.1',
      ],
      { timeoutMs: 5_000 },
    );
    await until(() => ended('failed', 'f9') !== undefined, 30_000);
    expect(ended('failed', 'f9')?.reason).toContain('a firewall that blocks high UDP ports');
    await client;
  }, 60_000);
});
