import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Ipv4 } from '../../src/base/ipv4.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import type { DhcpServerOptions } from '../../src/pxe/dhcp/index.ts';
import type { BootDecision, Lease } from '../../src/pxe/ports.ts';
import { DhcpLab } from '../support/dhcp-lab.ts';
import { needRoot, needTools } from '../support/need.ts';

const ready = needTools({ tool: 'busybox', package: 'busybox-static' }, { tool: 'ip', package: 'iproute2' });

const options: DhcpServerOptions = {
  serverUuid: 'a'.repeat(32) as Uuid,
  device: 's0',
  serverAddress: '192.0.2.1' as Ipv4,
  netmask: '255.255.255.0' as Ipv4,
  rangeBegin: '192.0.2.100' as Ipv4,
  rangeEnd: '192.0.2.101' as Ipv4,
  router: '192.0.2.1' as Ipv4,
  dns: ['192.0.2.53' as Ipv4, '192.0.2.54' as Ipv4],
};
const boot: BootDecision = { kind: 'boot', scriptUrl: 'http://192.0.2.1:8081/boot/t/boot.ipxe' };
const address: BootDecision = { kind: 'address' };

/** The server has two interfaces: s0 with one client, s1 with another. */
describe.skipIf(!ready || !needRoot())('udhcpc of busybox', () => {
  const lab = new DhcpLab();
  const leaseFile = join(lab.folder, 'leases.json');
  let server = '';
  let client = '';
  let other = '';

  beforeAll(() => {
    server = lab.namespace('s');
    client = lab.namespace('c');
    other = lab.namespace('o');
    lab.cable(server, 's0', client, 'c0', '192.0.2.1/24');
    lab.cable(server, 's1', other, 'o0', '198.51.100.1/24');
  });
  afterEach(() => lab.stop());
  afterAll(() => lab.remove());

  it('gets an address with all parameters, and as no network-boot client no boot file', async () => {
    const dhcp = await lab.server(server, { options, decision: boot, leaseFile });
    const udhcpc = await lab.udhcpc(client, 'c0');
    expect(await udhcpc.ended).toBe(0);
    expect(udhcpc.told('ip')).toBe('192.0.2.100');
    expect(udhcpc.told('mask')).toBe('24');
    expect(udhcpc.told('router')).toBe('192.0.2.1');
    expect(udhcpc.told('dns')).toBe('192.0.2.53 192.0.2.54');
    expect(udhcpc.told('serverid')).toBe('192.0.2.1');
    expect(udhcpc.told('lease')).toBe('86400');
    expect(udhcpc.told('boot_file')).toBeUndefined();
    const mac = lab.macOf(client, 'c0');
    await dhcp.until((line) => line.kind === 'dhcp' && line.type === 'ack');
    expect(dhcp.lines.flatMap((l) => (l.kind === 'dhcp' ? [[l.type, l.mac, l.ip]] : []))).toEqual([
      ['discover', mac, undefined],
      ['offer', mac, '192.0.2.100'],
      ['request', mac, '192.0.2.100'],
      ['ack', mac, '192.0.2.100'],
    ]);
    await dhcp.close();
  });

  it('keeps its address through a restart, under another client id, and as PXE firmware', async () => {
    const dhcp = await lab.server(server, { options, decision: boot, leaseFile });
    for (const args of [
      ['-q'],
      ['-q', '-C'],
      ['-q', '-C', '-x', '0x3d:ff0102030405'],
      ['-q', '-V', 'PXEClient:Arch:00007:UNDI:003016'],
    ]) {
      const udhcpc = await lab.udhcpc(client, 'c0', args);
      expect(await udhcpc.ended).toBe(0);
      expect(udhcpc.told('ip')).toBe('192.0.2.100');
    }
    await dhcp.close();
    const leases = JSON.parse(readFileSync(leaseFile, 'utf8')) as readonly Lease[];
    expect(leases.map(({ ip, mac }) => [ip, mac])).toEqual([['192.0.2.100', lab.macOf(client, 'c0')]]);
  });

  it('gets the loader of its firmware when it says that it boots from the network', async () => {
    const dhcp = await lab.server(server, { options, decision: boot, leaseFile });
    const asRom = '-q -V PXEClient:Arch:00000:UNDI:002001 -O 66 -O 67 -x 0x5d:0000';
    const rom = await lab.udhcpc(client, 'c0', asRom.split(' '));
    expect(await rom.ended).toBe(0);
    expect(rom.told('siaddr')).toBe('192.0.2.1');
    expect(rom.told('boot_file')).toBe('undionly.kpxe');
    expect(rom.told('tftp')).toBe('192.0.2.1');
    // A lease of the machine that is still good for most of its time is told as it is.
    const told = Number(rom.told('lease'));
    expect(told).toBeGreaterThanOrEqual(225);
    expect(told).toBeLessThanOrEqual(300);
    const ipxe = await lab.udhcpc(client, 'c0', ['-q', '-x', '0x4d:69505845', '-O', '67']);
    expect(await ipxe.ended).toBe(0);
    expect(ipxe.told('boot_file')).toBe(boot.kind === 'boot' ? boot.scriptUrl : '');
    await dhcp.close();
  });

  it('renews, rebinds to the same address and releases it', async () => {
    const short = { ...options, hostLeaseSeconds: 60 };
    const dhcp = await lab.server(server, { options: short, decision: address, leaseFile });
    const udhcpc = await lab.udhcpc(client, 'c0', ['-R']);
    await udhcpc.reach('bound');
    // SIGUSR1 renews at once: a REQUEST with ciaddr, unicast to the server.
    udhcpc.child.kill('SIGUSR1');
    await udhcpc.reach('renew');
    expect(udhcpc.told('ip')).toBe('192.0.2.100');
    udhcpc.child.kill('SIGTERM');
    await dhcp.until((line) => line.kind === 'dhcp' && line.type === 'release');
    expect(await udhcpc.ended).toBe(0);
    const types = dhcp.lines.flatMap((line) => (line.kind === 'dhcp' ? [line.type] : []));
    expect(types).toEqual(['discover', 'offer', 'request', 'ack', 'request', 'ack', 'release']);
    await dhcp.close();
  });

  it('gets nothing when the policy says so, and the machine is named in an event', async () => {
    const decision: BootDecision = { kind: 'ignore', reason: 'unknown-machine' };
    const dhcp = await lab.server(server, { options, decision, leaseFile });
    const udhcpc = await lab.udhcpc(client, 'c0');
    expect(await udhcpc.ended).toBe(1);
    expect(dhcp.lines).toContainEqual(
      expect.objectContaining({
        kind: 'dhcp-ignored',
        reason: 'unknown-machine',
        sighting: expect.objectContaining({ mac: lab.macOf(client, 'c0') }) as unknown,
      }),
    );
    expect(dhcp.lines.some((line) => line.kind === 'dhcp')).toBe(false);
    await dhcp.close();
  });

  it('gets nothing on a device that the server is not bound to, and the server does not even see it', async () => {
    const dhcp = await lab.server(server, { options, decision: address, leaseFile });
    const stranger = await lab.udhcpc(other, 'o0');
    expect(await stranger.ended).toBe(1);
    expect(dhcp.lines.filter((line) => line.kind !== 'ready')).toEqual([]);
    const insider = await lab.udhcpc(client, 'c0');
    expect(await insider.ended).toBe(0);
    await dhcp.close();
  });

  it('is served by two servers, one a device, on the same port', async () => {
    const first = await lab.server(server, { options, decision: address, leaseFile });
    const second = await lab.server(server, {
      options: {
        ...options,
        serverUuid: 'b'.repeat(32) as Uuid,
        device: 's1',
        serverAddress: '198.51.100.1' as Ipv4,
        rangeBegin: '198.51.100.10' as Ipv4,
        rangeEnd: '198.51.100.20' as Ipv4,
      },
      decision: address,
      leaseFile: join(lab.folder, 'leases-2.json'),
    });
    const there = await lab.udhcpc(other, 'o0');
    const here = await lab.udhcpc(client, 'c0');
    expect([await there.ended, await here.ended]).toEqual([0, 0]);
    expect(there.told('ip')).toBe('198.51.100.10');
    expect(here.told('ip')).toBe('192.0.2.100');
    await Promise.all([first.close(), second.close()]);
  });

  it('gets nothing while the pool is full, and the address as soon as its holder gave it back', async () => {
    const one = { ...options, rangeEnd: options.rangeBegin };
    const file = join(lab.folder, 'leases-full.json');
    const dhcp = await lab.server(server, { options: one, decision: address, leaseFile: file });
    const [first, second] = ['02:00:00:00:00:01', '02:00:00:00:00:02'];
    lab.setMac(client, 'c0', first);
    expect(await (await lab.udhcpc(client, 'c0')).ended).toBe(0);
    lab.setMac(client, 'c0', second);
    expect(await (await lab.udhcpc(client, 'c0')).ended).toBe(1);
    await dhcp.until((line) => line.kind === 'dhcp-pool-full' && line.mac === second);
    lab.setMac(client, 'c0', first);
    const holder = await lab.udhcpc(client, 'c0', ['-R']);
    await holder.reach('bound');
    holder.child.kill('SIGTERM');
    await dhcp.until((line) => line.kind === 'dhcp' && line.type === 'release');
    lab.setMac(client, 'c0', second);
    const late = await lab.udhcpc(client, 'c0');
    expect(await late.ended).toBe(0);
    expect(late.told('ip')).toBe('192.0.2.100');
    await dhcp.close();
  });
});
