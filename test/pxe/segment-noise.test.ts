import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { afterAll, expect, it } from 'vitest';
import type { NoiseOrder } from './noise-process.ts';
import { cases } from '../support/cases.ts';
import { DhcpLab } from '../support/dhcp-lab.ts';
import { needFile, needRoot, needTools } from '../support/need.ts';
import type { SegmentSetup } from '../support/segment-process.ts';

/** A whole segment at its real sockets: noise at all of its ports, then clients nobody here wrote must be served. */
const loader = '/usr/lib/ipxe/undionly.kpxe';
const canRun =
  needRoot() &&
  needTools(
    { tool: 'busybox', package: 'busybox-static' },
    { tool: 'curl', package: 'curl' },
    { tool: 'ip', package: 'iproute2' },
  ) &&
  needFile(loader, 'ipxe');
const root = join(import.meta.dirname, '..', '..');
const server = '192.0.2.1';
/** Packets of one burst; the clock of a real network sets the pace, so fewer than elsewhere. */
const packets = Math.min(cases(3000), 3000);

let lab: DhcpLab | undefined;
afterAll(() => lab?.remove());

it.skipIf(!canRun)(
  'a segment outlives noise at every port and serves afterwards',
  { timeout: 180_000 },
  async () => {
    lab = new DhcpLab();
    const [ours, theirs] = [lab.namespace('s'), lab.namespace('n')];
    lab.cable(ours, 'rack0', theirs, 'nic0', `${server}/24`);
    execFileSync('ip', ['-n', theirs, 'addr', 'add', '192.0.2.9/24', 'dev', 'nic0']);
    execFileSync('ip', ['-n', theirs, 'route', 'add', 'default', 'dev', 'nic0']);
    const settings = {
      rangeBegin: '192.0.2.100',
      rangeEnd: '192.0.2.120',
      mode: 'proxy',
    } as SegmentSetup['settings'];
    const setup: SegmentSetup = { device: 'rack0', settings, watchSeconds: 0 };
    const tsx = [process.execPath, '--import', 'tsx'];
    const segment = lab.spawn(ours, [
      ...tsx,
      join(root, 'test/support/segment-process.ts'),
      JSON.stringify(setup),
    ]);
    let errors = '';
    segment.stderr?.on('data', (data: Buffer) => (errors += data.toString()));
    const kinds = new Map<string, number>();
    const lines = createInterface({ input: segment.stdout as Readable });
    const readyLine = once(lines, 'line');
    lines.on('line', (text) => {
      const { kind } = JSON.parse(text) as { kind: string };
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    });
    await readyLine;

    for (const [mode, seed] of [
      ['proxy', 1],
      ['serve', 2],
    ] as const) {
      segment.stdin?.write(`${JSON.stringify({ mode })}\n`);
      const order: NoiseOrder = [server, `${packets}`, `${seed}`];
      const noise = lab.spawn(theirs, [...tsx, join(root, 'test/pxe/noise-process.ts'), ...order]);
      let complaint = '';
      noise.stderr?.on('data', (data: Buffer) => (complaint += data.toString()));
      const [status] = (await once(noise, 'exit')) as [number | null];
      expect([status, complaint]).toEqual([0, '']);
      expect([segment.exitCode, segment.signalCode, errors]).toEqual([null, null, '']);
    }
    // The noise was heard at every port.
    expect(['dhcp', 'tftp', 'http'].filter((kind) => (kinds.get(kind) ?? 0) <= 5)).toEqual([]);

    const content = readFileSync(loader);
    const fetch = (url: string): Buffer =>
      execFileSync('ip', ['netns', 'exec', theirs, 'curl', '-s', '-f', '-m', '30', url], {
        maxBuffer: 1 << 24,
      });
    expect(fetch(`tftp://${server}/undionly.kpxe`).equals(content)).toBe(true);
    expect(fetch(`http://${server}:8081/loader/undionly.kpxe`).equals(content)).toBe(true);
    lab.setMac(theirs, 'nic0', '02:00:00:00:00:77');
    const client = await lab.udhcpc(theirs, 'nic0', ['-q', '-t', '10']);
    await client.reach('bound');
    expect(client.told('serverid')).toBe(server);
  },
);
