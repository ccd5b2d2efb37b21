import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Ipv4 } from '../../src/base/ipv4.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import type { DhcpServerOptions } from '../../src/pxe/dhcp/index.ts';
import { DhcpLab } from '../support/dhcp-lab.ts';
import { needRoot, needTools } from '../support/need.ts';

const ready = needTools(
  { tool: 'dnsmasq', package: 'dnsmasq-base' },
  { tool: 'busybox', package: 'busybox-static' },
  { tool: 'ip', package: 'iproute2' },
);
const ip = (text: string): Ipv4 => text as Ipv4;
const netmask = ip('255.255.255.0');
const options: DhcpServerOptions = {
  serverUuid: 'a'.repeat(32) as Uuid,
  device: 's0',
  serverAddress: ip('192.0.2.1'),
  netmask,
  rangeBegin: ip('192.0.2.100'),
  rangeEnd: ip('192.0.2.199'),
  hostLeaseSeconds: 600,
  subnets: [
    {
      subnet: ip('198.51.100.0'),
      netmask,
      rangeBegin: ip('198.51.100.10'),
      rangeEnd: ip('198.51.100.99'),
      router: ip('198.51.100.1'),
    },
    {
      subnet: ip('203.0.113.0'),
      netmask,
      rangeBegin: ip('203.0.113.10'),
      rangeEnd: ip('203.0.113.99'),
      router: ip('203.0.113.1'),
    },
  ],
};

/** server s0 --- r0 relay r1 --- c1 one; r2 --- c2 two; r3 --- c3 three, whose subnet the server does not know. */
describe.skipIf(!ready || !needRoot())("dnsmasq's DHCP relay", { timeout: 60_000 }, () => {
  const lab = new DhcpLab();
  const leaseFile = join(lab.folder, 'leases.json');
  let server = '';
  let relay = '';
  const clients: string[] = [];

  const run = async (space: string, ...command: string[]): Promise<void> => {
    const [status] = (await once(lab.spawn(space, command), 'exit')) as [number | null];
    if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}`);
  };

  beforeAll(async () => {
    server = lab.namespace('s');
    relay = lab.namespace('r');
    lab.cable(server, 's0', relay, 'r0', '192.0.2.1/24');
    await run(relay, 'ip', 'addr', 'add', '192.0.2.2/24', 'dev', 'r0');
    for (const [n, gateway] of ['198.51.100.1', '203.0.113.1', '10.9.0.1'].entries()) {
      const client = lab.namespace(`c${n + 1}`);
      clients.push(client);
      lab.cable(relay, `r${n + 1}`, client, `c${n + 1}`, `${gateway}/24`);
      await run(server, 'ip', 'route', 'add', gateway.replace(/\d+$/, '0/24'), 'via', '192.0.2.2');
    }
    await run(relay, 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
  });
  afterEach(() => lab.stop());
  afterAll(() => lab.remove());

  async function begin() {
    const dhcp = await lab.server(server, { options, decision: { kind: 'address' }, leaseFile });
    const relays = ['198.51.100.1', '203.0.113.1', '10.9.0.1'].map(
      (from) => `--dhcp-relay=${from},192.0.2.1`,
    );
    lab.spawn(relay, [
      'dnsmasq',
      '--keep-in-foreground',
      '--port=0',
      '--conf-file=/dev/null',
      '--user=root',
      `--pid-file=${join(lab.folder, 'relay.pid')}`,
      ...relays,
    ]);
    return dhcp;
  }

  it('serves clients of two subnets from pools of their own, and one of a third not at all', async () => {
    const dhcp = await begin();
    const one = await lab.udhcpc(clients[0] ?? '', 'c1', ['-q', '-t', '10']);
    const two = await lab.udhcpc(clients[1] ?? '', 'c2', ['-q', '-t', '10']);
    expect([await one.ended, await two.ended]).toEqual([0, 0]);
    expect([one.told('ip'), one.told('router'), one.told('serverid')]).toEqual([
      '198.51.100.10',
      '198.51.100.1',
      '192.0.2.1',
    ]);
    expect([two.told('ip'), two.told('router'), two.told('mask')]).toEqual([
      '203.0.113.10',
      '203.0.113.1',
      '24',
    ]);
    const three = await lab.udhcpc(clients[2] ?? '', 'c3', ['-q']);
    expect(await three.ended).toBe(1);
    expect(dhcp.lines).toContainEqual(
      expect.objectContaining({
        kind: 'dhcp-ignored',
        reason: 'relay 10.9.0.1 of subnet 10.9.0.1, which is not served here',
      }),
    );
    await dhcp.close();
  });

  it('lets a client renew past the relay, and release', async () => {
    const dhcp = await begin();
    const client = clients[0] ?? '';
    const udhcpc = await lab.udhcpc(client, 'c1', ['-R', '-t', '10']);
    await udhcpc.reach('bound');
    await run(client, 'ip', 'route', 'replace', 'default', 'via', '198.51.100.1');
    udhcpc.child.kill('SIGUSR1');
    const acks = () => dhcp.lines.flatMap((l) => (l.kind === 'dhcp' && l.type === 'ack' ? [l.ip] : []));
    await dhcp.until(() => acks().length === 2);
    await udhcpc.reach('renew');
    expect(acks()).toEqual(['198.51.100.10', '198.51.100.10']);
    udhcpc.child.kill('SIGTERM');
    await dhcp.until((line) => line.kind === 'dhcp' && line.type === 'release');
    await dhcp.close();
  });
});
