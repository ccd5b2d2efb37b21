import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { needTools } from '../support/need.ts';
import { runProgram } from '../support/run-program.ts';
import { liveTftp, pattern } from '../support/tftp-peer.ts';
import { tftpRelay } from '../support/tftp-relay.ts';

const able = needTools(
  { tool: 'atftp', package: 'atftp' },
  { tool: 'tftp', package: 'tftp-hpa' },
  { tool: 'curl', package: 'curl' },
  { tool: 'busybox', package: 'busybox-static' },
);
const folder = mkdtempSync(join(tmpdir(), 'rackwright-relay-'));
afterAll(() => rmSync(folder, { recursive: true }));
const content = pattern(100_000);

const clients: readonly [string, (port: number, to: string) => readonly [string, ...string[]]][] = [
  [
    'atftp, windows of 8',
    (port, to) => {
      const options = ['--option', 'blksize 1468', '--option', 'windowsize 8'];
      return [
        'atftp',
        '--tftp-timeout',
        '1',
        ...options,
        '-g',
        '-r',
        'f',
        '-l',
        to,
        '127.0.0.1',
        String(port),
      ];
    },
  ],
  ['tftp-hpa', (port, to) => ['tftp', '-m', 'binary', '127.0.0.1', String(port), '-c', 'get', 'f', to]],
  [
    'curl, without options',
    (port, to) => ['curl', '-sS', '--tftp-no-options', '-o', to, `tftp://127.0.0.1:${port}/f`],
  ],
  [
    'busybox',
    (port, to) => ['busybox', 'tftp', '-g', '-b', '1468', '-r', 'f', '-l', to, '127.0.0.1', String(port)],
  ],
];

describe.skipIf(!able)('through a network that repeats and reorders', () => {
  const networks = clients.flatMap(([name, command]) =>
    [false, true].map(
      (singlePort) => [name, singlePort ? 'one port' : 'a port each', command, singlePort] as const,
    ),
  );
  it.each(networks)(
    '%s fetches a file whole, %s',
    async (_, _ports, command, singlePort) => {
      const { server } = await liveTftp({ f: content }, { singlePort });
      const relay = await tftpRelay(server.port, { seed: 7, loss: 0.01, duplicate: 0.1, maxDelayMs: 4 });
      const to = join(folder, 'out');
      let said = '';
      try {
        // A repeated OACK, which these networks make, ends atftp at once, whoever the server is: it is run again.
        for (let tries = 0; tries < 8; tries += 1) {
          rmSync(to, { force: true });
          const [program, ...args] = command(relay.port, to);
          const { status, stderr, stdout } = await runProgram(program, args, { timeoutMs: 30_000 });
          said = `${status} ${stdout.toString()}${stderr}`;
          if (status === 0 && !/error|abort|timeout/i.test(said)) break;
        }
        expect([said, readFileSync(to).equals(Buffer.from(content))]).toEqual([said, true]);
        expect(Math.min(relay.seen.repeated, relay.seen.overtaken)).toBeGreaterThan(0);
      } finally {
        await relay.close();
        await server.close();
      }
    },
    120_000,
  );
});
