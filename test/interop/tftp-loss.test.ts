import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, it, type TestContext } from 'vitest';
import { needRoot, needTools } from '../support/need.ts';
import { type Finished, runProgram } from '../support/run-program.ts';
import { pattern, until } from '../support/tftp-peer.ts';
import type { Line } from '../support/tftp-server-process.ts';

const able =
  needTools(
    { tool: 'ip', package: 'iproute2' },
    { tool: 'nft', package: 'nftables' },
    { tool: 'atftp', package: 'atftp' },
    { tool: 'tftp', package: 'tftp-hpa' },
    { tool: 'curl', package: 'curl' },
    { tool: 'busybox', package: 'busybox-static' },
  ) && needRoot();

type End = Extract<Line, { kind: 'tftp' }>;

const folder = mkdtempSync(join(tmpdir(), 'rackwright-loss-'));
afterAll(() => rmSync(folder, { recursive: true }));

function root(...command: readonly string[]): void {
  const { status, stderr } = spawnSync(command[0]!, command.slice(1), {
    env: { PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
  });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr.toString()}`);
}

let links = 0;

/** A namespace of its own whose loopback drops what `rules` of nft say; server and client are both inside. */
class Link {
  readonly #netns = `rw-tftp-${process.pid}-${++links}`;
  readonly #server: ChildProcess;
  readonly #lines: Line[] = [];

  constructor(rules: readonly string[]) {
    root('ip', 'netns', 'add', this.#netns);
    const inside = ['ip', 'netns', 'exec', this.#netns] as const;
    root(...inside, 'ip', 'link', 'set', 'lo', 'up');
    root(...inside, 'nft', 'add table inet t; add chain inet t in { type filter hook input priority 0; }');
    for (const rule of rules) root(...inside, 'nft', `add rule inet t in ${rule}`);
    const script = resolve(import.meta.dirname, '../support/tftp-server-process.ts');
    const command = [...inside.slice(1), process.execPath, '--import', 'tsx', script];
    this.#server = spawn('ip', command, { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.#server.stdout! }).on('line', (line) => {
      this.#lines.push(JSON.parse(line) as Line);
    });
  }

  ready(): Promise<void> {
    return until(() => this.#lines.includes('ready'), 20_000);
  }

  run(command: readonly string[], timeoutMs: number): Promise<Finished> {
    return runProgram('ip', ['netns', 'exec', this.#netns, ...command], { timeoutMs });
  }

  /** Ends of transfers since `forget`. */
  ends(phase: 'done' | 'failed'): readonly End[] {
    return this.#lines.filter(
      (line): line is End => line !== 'ready' && line.kind === 'tftp' && line.phase === phase,
    );
  }

  forget(): void {
    this.#lines.splice(0);
  }

  async close(): Promise<void> {
    const gone = new Promise((resolve) => {
      this.#server.once('close', resolve);
    });
    this.#server.stdin!.end();
    await gone;
    root('ip', 'netns', 'del', this.#netns);
  }
}

async function openLink({ onTestFinished }: TestContext, ...rules: readonly string[]): Promise<Link> {
  const link = new Link(rules);
  onTestFinished(() => link.close());
  await link.ready();
  return link;
}

type Command = (name: string, to: string) => string[];

function atftp(...options: readonly string[]): Command {
  const asked = options.flatMap((option) => ['--option', option]);
  return (name, to) => ['atftp', '--tftp-timeout', '1', ...asked, '-g', '-r', name, '-l', to, '127.0.0.1'];
}
const hpa: Command = (name, to) => ['tftp', '-m', 'binary', '127.0.0.1', '-c', 'get', name, to];
const busybox: Command = (name, to) => {
  return ['busybox', 'tftp', '-g', '-b', '1468', '-r', name, '-l', to, '127.0.0.1'];
};
const curl: Command = (name, to) => {
  return ['curl', '-sS', '--tftp-no-options', '-o', to, `tftp://127.0.0.1/${name}`];
};

// They mostly wait for what was lost, so side by side.
describe.skipIf(!able).concurrent('over a link that loses packets', () => {
  const fetchers: readonly [string, number, number, Command][] = [
    ['atftp, blksize 1468', 5, 300_000, atftp('blksize 1468')],
    ['atftp, windowsize 8', 10, 300_000, atftp('blksize 1468', 'windowsize 8')],
    ['tftp-hpa, blocks of 512', 10, 20_000, hpa],
    ['tftp-hpa, blocks of 512', 30, 10_000, hpa],
    ['busybox, blocks of 1468', 30, 35_000, busybox],
    ['curl, blocks of 512', 10, 10_000, curl],
  ];
  it.for(fetchers)(
    '%s, fetches at a loss of %i % all of %i bytes',
    { timeout: 300_000 },
    async ([, percent, size, command], test) => {
      // A part of all UDP packets, in both directions.
      const link = await openLink(test, `meta l4proto udp numgen random mod 100 < ${percent} drop`);
      const to = join(mkdtempSync(join(folder, 'out-')), 'file');
      let said = '';
      // Clients of the same quality as their servers: when the answer to our OACK is lost, atftp takes the repeated OACK
      // (RFC 2347) for a fault; some wait five seconds for each lost request and give up. What they call whole has to be whole.
      for (let tries = 0; tries < 8; tries += 1) {
        link.forget();
        rmSync(to, { force: true });
        const { stdout, stderr, status } = await link.run(command(`f${size}`, to), 30_000);
        said = `${status} ${stdout.toString()}${stderr}`;
        if (status === 0 && !/abort|error|timed out|unexpected/i.test(said)) break;
      }
      expect([said, readFileSync(to).equals(Buffer.from(pattern(size)))]).toEqual([said, true]);
      // The last ACK may be lost as well, and the client is gone then: the server can only say how far it was told.
      const told = (): boolean =>
        link.ends('done').some(({ bytes }) => bytes === size) ||
        link.ends('failed').some(({ bytes }) => bytes > size - 8 * 1468 - 1);
      await until(told, 40_000);
    },
  );

  it('says that high ports are the usual cause when a firewall lets only requests through', async (test) => {
    const link = await openLink(test, 'udp dport 69 accept', 'meta l4proto udp drop');
    const to = join(folder, 'none');
    const client = link.run(['atftp', '--tftp-timeout', '2', '-g', '-r', 'f9', '-l', to, '127.0.0.1'], 5_000);
    await until(() => link.ends('failed').some(({ file }) => file === 'f9'), 30_000);
    expect(link.ends('failed')[0]?.reason).toContain('a firewall that blocks high UDP ports');
    await client;
  }, 60_000);
});
