import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Ipv4 } from '../../src/base/ipv4.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import type { DhcpServerOptions } from '../../src/pxe/dhcp/index.ts';
import type { BootDecision } from '../../src/pxe/ports.ts';
import { DhcpLab, type ServerProcess } from '../support/dhcp-lab.ts';
import type { Setup } from '../support/dhcp-server-process.ts';
import { needFile, needRoot, needTools } from '../support/need.ts';

const ready = needTools(
  { tool: 'qemu-system-x86_64', package: 'qemu-system-x86' },
  { tool: 'ip', package: 'iproute2' },
);
const ovmf = '/usr/share/ovmf/OVMF.fd';
const hasOvmf = needFile(ovmf, 'ovmf');
const uuid = '00112233-4455-6677-8899-aabbccddeeff';
const mac = '52:54:00:12:34:56';
const options: DhcpServerOptions = {
  serverUuid: 'a'.repeat(32) as Uuid,
  device: 'tap0',
  serverAddress: '192.0.2.1' as Ipv4,
  netmask: '255.255.255.0' as Ipv4,
  rangeBegin: '192.0.2.100' as Ipv4,
  rangeEnd: '192.0.2.199' as Ipv4,
};
const decision: BootDecision = { kind: 'boot', scriptUrl: 'http://192.0.2.1:8081/boot/tok/boot.ipxe' };

describe.skipIf(!ready || !needRoot())('firmware that boots from the network', { timeout: 180_000 }, () => {
  const lab = new DhcpLab();
  let space = '';
  let run = 0;

  beforeAll(() => {
    space = lab.namespace('q');
    lab.tap(space, 'tap0', '192.0.2.1/24');
  });
  afterEach(() => lab.stop());
  afterAll(() => lab.remove());

  async function boot(
    device: string,
    more: readonly string[],
    setup: Partial<Setup> = {},
  ): Promise<ServerProcess> {
    const dhcp = await lab.server(space, {
      options,
      decision,
      leaseFile: join(lab.folder, `leases-${run++}.json`),
      listenForBoot: true,
      ...setup,
    });
    const command =
      `qemu-system-x86_64 -accel tcg -M q35 -m 512 -display none -serial stdio -monitor none -no-reboot -uuid ${uuid} ` +
      `-netdev tap,id=n,ifname=tap0,script=no,downscript=no -device ${device},netdev=n,mac=${mac},bootindex=1`;
    const qemu = lab.spawn(space, [...command.split(' '), ...more]);
    const serial = createWriteStream(join(lab.folder, `serial-${run}.log`));
    qemu.stdout?.pipe(serial);
    qemu.stderr?.pipe(process.stderr, { end: false });
    return dhcp;
  }

  const steps = (dhcp: ServerProcess, isIpxe: boolean): unknown[] =>
    dhcp.lines.flatMap((l) =>
      l.kind === 'dhcp' && l.ipxe === isIpxe ? [[l.type, l.mac, l.ip, l.firmware, l.bootFile]] : [],
    );

  it('iPXE in the ROM of a BIOS machine goes for its script', async () => {
    const dhcp = await boot('e1000', []);
    const asked = await dhcp.until((line) => line.kind === 'asked', 60_000);
    expect(asked).toMatchObject({ http: 'GET /boot/tok/boot.ipxe HTTP/1.1' });
    const url = 'http://192.0.2.1:8081/boot/tok/boot.ipxe';
    expect(steps(dhcp, true).slice(-4)).toEqual([
      ['discover', mac, undefined, 'bios', undefined],
      ['offer', mac, '192.0.2.100', 'bios', url],
      ['request', mac, '192.0.2.100', 'bios', undefined],
      ['ack', mac, '192.0.2.100', 'bios', url],
    ]);
  });

  it.skipIf(!hasOvmf)('UEFI of OVMF takes the offer and asks TFTP for the loader', async () => {
    // Without a ROM on the card, OVMF's own driver and PXE client are the only ones.
    const dhcp = await boot('virtio-net-pci,romfile=', ['-bios', ovmf]);
    const asked = await dhcp.until((line) => line.kind === 'asked', 120_000);
    expect(asked).toMatchObject({ tftp: 'snponly.efi' });
    expect(steps(dhcp, false).slice(0, 4)).toEqual([
      ['discover', mac, undefined, 'uefi-x64', undefined],
      ['offer', mac, '192.0.2.100', 'uefi-x64', 'snponly.efi'],
      ['request', mac, '192.0.2.100', 'uefi-x64', undefined],
      ['ack', mac, '192.0.2.100', 'uefi-x64', 'snponly.efi'],
    ]);
    expect(dhcp.lines.some((line) => line.kind === 'dhcp-ignored')).toBe(false);
    // Option 97 is the SMBIOS UUID, which the BMC tells too.
    const saw = dhcp.lines.flatMap((line) => (line.kind === 'saw' ? [line.sighting.uuids] : []));
    expect(saw[0]).toContain(uuid.replaceAll('-', ''));
  });

  it('a BIOS ROM that has no HTTP takes the offer of a PXE server and asks TFTP for the loader', async () => {
    const dhcp = await boot('e1000', [], { hideIpxeHttp: true });
    const asked = await dhcp.until((line) => line.kind === 'asked', 60_000);
    expect(asked).toMatchObject({ tftp: 'undionly.kpxe' });
    expect(steps(dhcp, true).slice(-1)).toEqual([['ack', mac, '192.0.2.100', 'bios', 'undionly.kpxe']]);
  });

  it.skipIf(!hasOvmf)('UEFI HTTP boot of OVMF takes its own offer and asks for the URL', async () => {
    const httpLoaderUrl = 'http://192.0.2.1:8081/loader/snponly.efi';
    // PXE comes before HTTP in OVMF's boot order, and takes minutes to give up.
    const noPxe = [4, 6].flatMap((v) => ['-fw_cfg', `name=opt/org.tianocore/IPv${v}PXESupport,string=n`]);
    const dhcp = await boot('virtio-net-pci,romfile=', ['-bios', ovmf, ...noPxe], { httpLoaderUrl });
    const asked = await dhcp.until((line) => line.kind === 'asked', 170_000);
    expect(asked).toMatchObject({ http: 'HEAD /loader/snponly.efi HTTP/1.1' });
    expect(steps(dhcp, false).slice(-1)).toEqual([
      ['ack', mac, '192.0.2.100', 'uefi-http-x64', httpLoaderUrl],
    ]);
  });
});
