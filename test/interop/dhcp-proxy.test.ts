import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Ipv4 } from '../../src/base/ipv4.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import type { DhcpServerOptions } from '../../src/pxe/dhcp/index.ts';
import type { BootDecision } from '../../src/pxe/ports.ts';
import { DhcpLab, type ServerProcess } from '../support/dhcp-lab.ts';
import { needFile, needRoot, needTools } from '../support/need.ts';

const ready = needTools(
  { tool: 'qemu-system-x86_64', package: 'qemu-system-x86' },
  { tool: 'dnsmasq', package: 'dnsmasq-base' },
  { tool: 'ip', package: 'iproute2' },
);
const ovmf = '/usr/share/ovmf/OVMF.fd';
const hasOvmf = needFile(ovmf, 'ovmf');
const mac = '52:54:00:12:34:56';
const scriptUrl = 'http://192.0.2.1:8081/boot/tok/boot.ipxe';
const decision: BootDecision = { kind: 'boot', scriptUrl };
const options: DhcpServerOptions = {
  serverUuid: 'a'.repeat(32) as Uuid,
  device: 'br0',
  serverAddress: '192.0.2.1' as Ipv4,
  netmask: '255.255.255.0' as Ipv4,
  rangeBegin: '192.0.2.100' as Ipv4,
  rangeEnd: '192.0.2.199' as Ipv4,
  mode: 'proxy',
};

/** A switch br0 with three ports: ours (192.0.2.1), dnsmasq as the segment's DHCP server (192.0.2.2), the machine. */
describe.skipIf(!ready || !needRoot())("proxyDHCP beside dnsmasq's DHCP", { timeout: 180_000 }, () => {
  const lab = new DhcpLab();
  let space = '';
  let other = '';

  const run = async (command: string): Promise<void> => {
    const [status] = (await once(lab.spawn(space, command.split(' ')), 'exit')) as [number | null];
    if (status !== 0) throw new Error(`${command} ended with ${status}`);
  };

  beforeAll(async () => {
    space = lab.namespace('q');
    other = lab.namespace('d');
    await run('ip link add br0 type bridge');
    await run('ip addr add 192.0.2.1/24 dev br0');
    await run('ip link set br0 up');
    lab.cable(other, 'd0', space, 'q0', '192.0.2.2/24');
    lab.tap(space, 'tap0', '192.0.2.250/32');
    await run('ip addr flush dev tap0');
    for (const port of ['q0', 'tap0']) await run(`ip link set ${port} master br0`);
  });
  afterEach(() => lab.stop());
  afterAll(() => lab.remove());

  async function boot(machine: string): Promise<ServerProcess> {
    const dnsmasq =
      'dnsmasq --keep-in-foreground --port=0 --conf-file=/dev/null --user=root --interface=d0 --bind-interfaces ' +
      '--dhcp-authoritative --dhcp-range=192.0.2.20,192.0.2.29,1h --no-ping';
    const files = ['pid-file', 'dhcp-leasefile'].map((name) => `--${name}=${join(lab.folder, name)}`);
    lab.spawn(other, [...dnsmasq.split(' '), ...files]);
    const leaseFile = join(lab.folder, 'leases.json');
    const dhcp = await lab.server(space, { options, decision, leaseFile, listenForBoot: true });
    const command =
      'qemu-system-x86_64 -accel tcg -M q35 -m 512 -display none -serial none -monitor none -no-reboot ' +
      `-netdev tap,id=n,ifname=tap0,script=no,downscript=no -device ${machine}`;
    lab.spawn(space, command.split(' ')).stderr?.pipe(process.stderr, { end: false });
    return dhcp;
  }

  const steps = (dhcp: ServerProcess): unknown[] =>
    dhcp.lines.flatMap((l) => (l.kind === 'dhcp' ? [`${l.type} ${l.ip ?? '-'} ${l.bootFile ?? '-'}`] : []));

  it('iPXE takes its address from there and its script from us', async () => {
    const dhcp = await boot(`e1000,netdev=n,mac=${mac},bootindex=1`);
    const asked = await dhcp.until((line) => line.kind === 'asked', 90_000);
    expect(asked).toMatchObject({ http: 'GET /boot/tok/boot.ipxe HTTP/1.1' });
    expect(steps(dhcp)).toContain(`offer - ${scriptUrl}`);
    // What it took there is seen here, in its broadcast REQUEST.
    expect(steps(dhcp).at(-1)).toMatch(/^request 192\.0\.2\.2\d -$/);
    expect(dhcp.lines.some(({ kind }) => kind === 'dhcp-other-server')).toBe(false);
  });

  it.skipIf(!hasOvmf)(
    'UEFI of OVMF takes its address from there and asks our TFTP for the loader',
    async () => {
      const dhcp = await boot(`virtio-net-pci,romfile=,netdev=n,mac=${mac},bootindex=1 -bios ${ovmf}`);
      const asked = await dhcp.until((line) => line.kind === 'asked', 150_000);
      expect(asked).toMatchObject({ tftp: 'snponly.efi' });
      expect(steps(dhcp)).toContain('offer - snponly.efi');
    },
  );
});
