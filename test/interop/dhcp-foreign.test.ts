import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { DhcpLab } from '../support/dhcp-lab.ts';
import { needFile, needRoot, needTools } from '../support/need.ts';
import type { SegmentSetup } from '../support/segment-process.ts';

const root = join(import.meta.dirname, '..', '..');
const canRun =
  needRoot() &&
  needTools({ tool: 'busybox', package: 'busybox-static' }, { tool: 'ip', package: 'iproute2' }) &&
  needFile('/usr/lib/ipxe/undionly.kpxe', 'ipxe');

type Line = Readonly<Record<string, unknown>>;

/** Our services in the namespace `ours`, what they say, and what is said to them. */
class Services {
  readonly lines: Line[] = [];
  readonly #child;
  #wake: () => void = () => undefined;

  constructor(lab: DhcpLab, namespace: string, setup: SegmentSetup) {
    const script = join(root, 'test/support/segment-process.ts');
    this.#child = lab.spawn(namespace, [process.execPath, '--import', 'tsx', script, JSON.stringify(setup)]);
    createInterface({ input: this.#child.stdout as Readable }).on('line', (text) => {
      this.lines.push(JSON.parse(text) as Line);

      this.#wake();
    });
    this.#child.stderr?.on('data', (data: Buffer) => process.stderr.write(data));
  }

  tell(text: string): void {
    this.#child.stdin?.write(`${text}\n`);
  }

  /** The next line of a kind from here on. */
  async next(kind: string): Promise<Line> {
    for (let from = 0; ; ) {
      const found = this.lines.slice(from).find((line) => line['kind'] === kind);
      if (found) {
        this.lines.splice(0, this.lines.indexOf(found) + 1);
        return found;
      }
      from = this.lines.length;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

const settings = { rangeBegin: '192.0.2.100', rangeEnd: '192.0.2.120' } as SegmentSetup['settings'];

let lab: DhcpLab;
let ours: string;
let theirs: string;
beforeAll(() => {
  if (!canRun) return;
  lab = new DhcpLab();
  ours = lab.namespace('w');
  theirs = lab.namespace('f');
  lab.cable(ours, 'rack0', theirs, 'nic0', '192.0.2.1/24');
});
beforeEach(() => {
  if (!canRun) return;
  execFileSync('ip', ['-n', theirs, 'addr', 'flush', 'dev', 'nic0']);
  execFileSync('ip', ['-n', theirs, 'addr', 'add', '192.0.2.66/24', 'dev', 'nic0']);
});
afterEach(() => lab?.stop());
afterAll(() => lab?.remove());

/** busybox udhcpd at the other end of the cable. */
function foreignServer(): void {
  const leases = join(lab.folder, 'leases');
  const conf = join(lab.folder, 'udhcpd.conf');
  writeFileSync(leases, '');
  writeFileSync(
    conf,
    `start 192.0.2.140\nend 192.0.2.150\ninterface nic0\nlease_file ${leases}\npidfile ${join(lab.folder, 'pid')}\nboot_file theirs.0\noption subnet 255.255.255.0\n`,
  );
  lab.spawn(theirs, ['busybox', 'udhcpd', '-f', conf]);
}

it.skipIf(!canRun)(
  'finds a server of somebody else with its MAC, once, and gives nothing while it observes',
  async () => {
    foreignServer();
    const services = new Services(lab, ours, {
      device: 'rack0',
      settings: { ...settings, mode: 'observe' },
      watchSeconds: 3600,
    });
    expect(await services.next('ready')).toMatchObject({ url: 'http://192.0.2.1:8081' });
    const mac = lab.macOf(theirs, 'nic0');
    expect(await services.next('dhcp-foreign-server')).toMatchObject({
      server: '192.0.2.66',
      serverMac: mac,
      offered: expect.stringMatching(/^192\.0\.2\.14\d|150$/) as string,
      bootFile: 'theirs.0',
    });
    services.tell('look');
    expect(await services.next('looked')).toMatchObject({ servers: [{ server: '192.0.2.66', mac }] });
    services.tell('close');
    expect(await services.next('closed')).toMatchObject({ url: null });
    expect(services.lines).toEqual([]);
  },
  30_000,
);

it.skipIf(!canRun)(
  'is deaf to its own probe, and starts to serve when it is told',
  async () => {
    const services = new Services(lab, ours, {
      device: 'rack0',
      settings: { ...settings, mode: 'observe' },
      watchSeconds: 0,
    });
    await services.next('ready');
    services.tell('look');
    expect(await services.next('looked')).toEqual({ kind: 'looked', servers: [] });
    expect(services.lines).toEqual([]);
    expect(await (await lab.udhcpc(theirs, 'nic0')).ended).not.toBe(0);
    services.tell(JSON.stringify({ mode: 'serve' }));
    const client = await lab.udhcpc(theirs, 'nic0');
    expect([await client.ended, client.told('ip')]).toEqual([
      0,
      expect.stringMatching(/^192\.0\.2\.1[012]\d$/),
    ]);
  },
  30_000,
);

it.skipIf(!canRun)(
  'offers no address that somebody has, though nobody told us',
  async () => {
    execFileSync('ip', ['-n', theirs, 'addr', 'add', '192.0.2.100/24', 'dev', 'nic0']);
    const services = new Services(lab, ours, { device: 'rack0', settings, watchSeconds: 0 });
    await services.next('ready');
    const client = await lab.udhcpc(theirs, 'nic0');
    expect([await client.ended, client.told('ip')]).toEqual([0, '192.0.2.101']);
    expect(await services.next('dhcp-conflict')).toMatchObject({ ip: '192.0.2.100' });
  },
  30_000,
);

it.skipIf(!canRun)(
  'follows its interface when that goes and comes back',
  async () => {
    const services = new Services(lab, ours, { device: 'rack0', settings, watchSeconds: 0 });
    await services.next('ready');
    execFileSync('ip', ['-n', ours, 'link', 'del', 'rack0']);
    expect(await services.next('problem')).toMatchObject({
      problem: expect.stringContaining('rack0 is missing') as string,
    });
    lab.cable(ours, 'rack0', theirs, 'nic0', '192.0.2.1/24');
    expect(await services.next('problem')).toMatchObject({ problem: null });
    const client = await lab.udhcpc(theirs, 'nic0');
    expect([await client.ended, client.told('ip')]).toEqual([0, '192.0.2.100']);
    // Another address of ours: what is given out names it from then on.
    execFileSync('ip', ['-n', ours, 'addr', 'add', '192.0.2.2/24', 'dev', 'rack0']);
    execFileSync('ip', ['-n', ours, 'addr', 'del', '192.0.2.1/24', 'dev', 'rack0']);
    // The second address is a secondary one and goes with the first, so it is set again.
    execFileSync('ip', ['-n', ours, 'addr', 'replace', '192.0.2.2/24', 'dev', 'rack0']);
    for (let tries = 0; tries < 40; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      const again = await lab.udhcpc(theirs, 'nic0');
      if ((await again.ended) === 0 && again.told('serverid') === '192.0.2.2') return;
    }
    expect.fail('the services did not move to the new address');
  },
  60_000,
);
