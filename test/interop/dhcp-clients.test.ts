import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Ipv4 } from '../../src/base/ipv4.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import type { DhcpServerOptions } from '../../src/pxe/dhcp/index.ts';
import type { Lease } from '../../src/pxe/ports.ts';
import { DhcpLab } from '../support/dhcp-lab.ts';
import { needRoot, needTools } from '../support/need.ts';

const hasDhclient = needTools(
  { tool: 'dhclient', package: 'isc-dhcp-client' },
  { tool: 'ip', package: 'iproute2' },
);
const hasPerfdhcp = needTools(
  { tool: 'perfdhcp', package: 'kea-admin' },
  { tool: 'ip', package: 'iproute2' },
);
const isRoot = needRoot();
const options: DhcpServerOptions = {
  serverUuid: 'a'.repeat(32) as Uuid,
  device: 's0',
  serverAddress: '192.0.2.1' as Ipv4,
  netmask: '255.255.255.0' as Ipv4,
  rangeBegin: '192.0.2.100' as Ipv4,
  rangeEnd: '192.0.2.249' as Ipv4,
  router: '192.0.2.1' as Ipv4,
  dns: ['192.0.2.53' as Ipv4],
};

describe.skipIf(!isRoot)('DHCP clients of others', { timeout: 60_000 }, () => {
  const lab = new DhcpLab();
  const leaseFile = join(lab.folder, 'leases.json');
  let server = '';
  let client = '';

  beforeAll(() => {
    server = lab.namespace('s');
    client = lab.namespace('c');
    lab.cable(server, 's0', client, 'c0', '192.0.2.1/24');
  });
  afterEach(() => lab.stop());
  afterAll(() => lab.remove());

  async function output(
    command: readonly string[],
  ): Promise<{ readonly status: number | null; readonly text: string }> {
    const child = lab.spawn(client, command);
    let text = '';
    child.stdout?.on('data', (data: Buffer) => (text += data.toString()));
    child.stderr?.on('data', (data: Buffer) => (text += data.toString()));
    const [status] = (await once(child, 'exit')) as [number | null];
    return { status, text };
  }

  /** A file's text as soon as it has these words. */
  async function written(path: string, words: string): Promise<string> {
    for (let tries = 0; tries < 200; tries++) {
      const text = readFileSync(path, 'utf8');
      if (text.includes(words) && text.endsWith('}\n')) return text;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${path} never had ${words}`);
  }

  it.skipIf(!hasDhclient)('dhclient gets a lease, keeps it, and gives it back', async () => {
    const dhcp = await lab.server(server, { options, decision: { kind: 'address' }, leaseFile });
    const leases = join(lab.folder, 'dhclient.leases');
    const conf = join(lab.folder, 'dhclient.conf');
    writeFileSync(conf, 'timeout 10;\n');
    const files = ['-lf', leases, '-cf', conf, '-pf', join(lab.folder, 'dhclient.pid'), '-sf', '/bin/true'];
    const first = lab.spawn(client, ['dhclient', '-1', '-d', '-v', ...files, 'c0']);
    await dhcp.until((line) => line.kind === 'dhcp' && line.type === 'ack');
    const text = await written(leases, 'fixed-address');
    first.kill('SIGKILL');
    expect(text).toContain('fixed-address 192.0.2.100;');
    expect(text).toContain('option dhcp-lease-time 86400;');
    expect(text).toContain('option domain-name-servers 192.0.2.53;');
    // From its lease file: INIT-REBOOT.
    const again = lab.spawn(client, ['dhclient', '-1', '-d', '-v', ...files, 'c0']);
    const acks = () => dhcp.lines.filter((line) => line.kind === 'dhcp' && line.type === 'ack').length;
    await dhcp.until(() => acks() === 2);
    again.kill('SIGKILL');
    const types = dhcp.lines.flatMap((line) => (line.kind === 'dhcp' ? [line.type] : []));
    expect(types).toEqual(['discover', 'offer', 'request', 'ack', 'request', 'ack']);
    await output(['dhclient', '-r', ...files, 'c0']);
    await dhcp.close();
  });

  it.skipIf(!hasPerfdhcp)('perfdhcp gets 100 leases and renews them, without one drop', async () => {
    const file = join(lab.folder, 'perf-leases.json');
    const dhcp = await lab.server(server, { options, decision: { kind: 'address' }, leaseFile: file });
    const command = 'perfdhcp -4 -l c0 -r 50 -f 25 -R 100 -n 200 -W 2000000 192.0.2.1';
    await output(['ip', 'addr', 'add', '192.0.2.9/24', 'dev', 'c0']);
    const { text } = await output(command.split(' '));
    // One section an exchange: DISCOVER-OFFER, REQUEST-ACK, renewals.
    const drops = [...text.matchAll(/^drops: (-?\d+)/gm)].map(([, count]) => Number(count));
    const received = [...text.matchAll(/^received packets: (\d+)/gm)].map(([, count]) => Number(count));
    expect(drops.length).toBeGreaterThanOrEqual(3);
    expect(drops.every((count) => count <= 0)).toBe(true);
    expect(received.every((count) => count > 50)).toBe(true);
    const leases = JSON.parse(readFileSync(file, 'utf8')) as readonly Lease[];
    expect(leases).toHaveLength(100);
    expect(new Set(leases.map(({ mac }) => mac)).size).toBe(100);
    await dhcp.close();
  });
});
