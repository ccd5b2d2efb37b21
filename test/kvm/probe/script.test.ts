import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readHostPci } from '../../../src/iommu/parse/host-pci.ts';
import { readDomains } from '../../../src/kvm/parse/domains.ts';
import { readHostFacts } from '../../../src/kvm/parse/host-facts.ts';
import { readUsbDevices } from '../../../src/kvm/parse/usb.ts';
import { probeHost } from '../../../src/kvm/probe/probe.ts';
import { probeScript } from '../../../src/kvm/probe/script.ts';
import { topologies } from '../../fixtures/kvm/topologies/index.ts';
import {
  type FixtureDevice,
  lspciOf,
  plainSectionsOf,
  probeOf,
  serialsOf,
  type Topology,
  treeOf,
} from '../../fixtures/kvm/topology.ts';
import { needTools } from '../../support/need.ts';
import { type MadeUpRoot, madeUpRoot, shellHere, withDomains, writeTree } from './here.ts';

const boundary = '0123456789abcdef0123456789abcdef';
const now = (): number => 1_700_000_000_000;
const libvirtUri = 'test:///default';

// Hundreds of files and programs, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

let host: MadeUpRoot;
beforeEach(() => {
  host = madeUpRoot();
});
afterEach(() => host.close());

const look = (uri = libvirtUri) => probeHost(host.shell, { libvirtUri: uri, now, boundary, root: host.root });

/** Writes a made-up host as files, links and programs that print. */
function furnish(topology: Topology): void {
  writeTree(host, treeOf(topology));
  const texts = plainSectionsOf(topology);
  const text = (name: Parameters<typeof texts.get>[0]): string => texts.get(name) ?? '';
  host.file('proc/cpuinfo', text('cpuinfo'));
  host.file('proc/cmdline', text('cmdline'));
  host.file('sys/class/tty/console/active', text('console'));
  for (const unit of topology.iommuUnits) host.file(`sys/class/iommu/${unit}/uevent`, '');
  for (const group of text('iommu-groups').split('\n').filter(Boolean)) {
    host.file(`sys/kernel/iommu_groups/${group}/type`, 'DMA');
  }
  host.file('tmp/lspci', lspciOf(topology));
  host.file('tmp/serials', serialsOf(topology));
  host.program(
    'lspci',
    `case $1 in -Dv) cat '${host.root}/tmp/serials' ;; *) cat '${host.root}/tmp/lspci' ;; esac`,
  );
  if (topology.withoutLspci) host.program('lspci', 'exit 1');
  host.file('tmp/addresses', text('addresses'));
  host.file('tmp/routes', text('routes'));
  host.program(
    'ip',
    `case "$*" in *addr) cat '${host.root}/tmp/addresses' ;; *-4*) cat '${host.root}/tmp/routes' ;; esac`,
  );
  host.file('tmp/zpools', topology.zpools ?? '');
  if (topology.zpools !== undefined) host.program('zpool', `cat '${host.root}/tmp/zpools'`);
}

describe.skipIf(!needTools({ tool: 'shellcheck', package: 'shellcheck' }))('shellcheck', () => {
  it('finds nothing in the script', () => {
    const check = spawnSync('shellcheck', ['--shell=sh', '-'], { input: probeScript, encoding: 'utf8' });
    expect(check.stdout).toBe('');
    expect(check.status).toBe(0);
  });
});

describe('on a made-up root', () => {
  it.each(Object.entries(topologies))(
    '%s: the genuine script brings what the fixture says',
    async (_, topology) => {
      furnish(topology);
      const managementIp = topology.addresses[1]?.[1].split('/')[0] ?? '';
      const seen = readHostPci(await look(), { managementIp });
      expect(seen).toEqual(readHostPci(probeOf(topology), { managementIp }));
      expect(seen.devices).toHaveLength(topology.devices.length);
    },
  );

  it('needs one command for 500 devices and 200 domains, and no fork for each of them', async () => {
    const withVirsh = needTools({ tool: 'virsh', package: 'libvirt-clients' });
    if (withVirsh) host.program('virsh', 'PATH=/usr/bin:/usr/local/bin exec virsh "$@"');
    const names = Array.from({ length: withVirsh ? 200 : 0 }, (_, index) => `vm-${index}`);
    const devices = Array.from({ length: 500 }, (_, index): FixtureDevice => {
      const bus = (16 + Math.floor(index / 8)).toString(16).padStart(2, '0');
      return {
        path: ['0000:00:01.0', `0000:${bus}:00.${index % 8}`],
        class: '020000',
        className: 'Ethernet controller',
        ids: '8086:1572',
        vendorName: 'Intel Corporation',
        deviceName: 'X710',
        driver: 'i40e',
        group: index,
        nets: [`eth${index}`],
      };
    });
    const topology: Topology = {
      cpu: 'GenuineIntel',
      cpuModel: 'x',
      commandLine: 'ro',
      iommuUnits: ['dmar0'],
      devices,
      blocks: [],
      mounts: [],
      addresses: [],
      defaultRoute: 'default via 192.0.2.1 dev eth499 ',
    };
    furnish(topology);
    const probe = await look(withDomains(host, names));
    const seen = readHostPci(probe, { managementIp: '192.0.2.9' });
    expect(seen.devices).toHaveLength(500);
    if (withVirsh) expect(readDomains(probe)).toHaveLength(200);
    expect(
      seen.devices.every(({ driver, iommuGroup }) => driver === 'i40e' && iommuGroup !== undefined),
    ).toBe(true);
    expect(seen.needs.netInterfaces).toEqual([{ name: 'eth499', why: 'default route' }]);
    expect(host.runs()).toBe(1);
    expect(host.calls().filter((call) => call.startsWith('lspci'))).toHaveLength(2);
  });

  it('does without lspci, ip and virsh', async () => {
    host.close();
    // Only what every Linux has.
    host = madeUpRoot('/nonexistent');
    for (const tool of ['sh', 'cat', 'grep', 'ls', 'uname', 'echo', 'printf', 'env']) {
      host.program(tool, `exec /bin/${tool} "$@"`);
    }
    furnish(topologies.consumerBoard);
    for (const tool of ['lspci', 'ip']) host.program(tool, 'exit 127');
    const probe = await look();
    expect(probe.sections.has('lspci')).toBe(false);
    expect(probe.domains).toBeUndefined();
    const { devices } = readHostPci(probe, { managementIp: '192.0.2.20' });
    expect(devices).toHaveLength(19);
    expect(devices.find(({ address }) => address === '0000:26:00.0')).toMatchObject({
      classCode: '030000',
      vendorId: '1002',
      driver: 'amdgpu',
      vendorName: undefined,
    });
    expect(() => readDomains(probe)).toThrow(/install libvirt/);
  });

  it('takes default routes from the kernel where ip knows none', async () => {
    host.program('ip', 'exit 1');
    host.file(
      'proc/net/route',
      'Iface\tDestination\tGateway\neth7\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\neth8\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n',
    );
    const { sections } = await look();
    expect(sections.get('routes')).toMatch(/^proc\/net\/route:eth7\t0{8}\t.*\n$/);
  });

  it('refuses a host without sysfs, a folder that is not there, and a weak mark', async () => {
    const away = { libvirtUri, now, boundary, root: `${host.root}/nowhere` };
    await expect(probeHost(host.shell, away)).rejects.toMatchObject({ code: 'host-unfit' });
    const empty = { ...away, root: `${host.root}/sys` };
    await expect(probeHost(host.shell, empty)).rejects.toMatchObject({ code: 'host-unfit' });
    await expect(probeHost(host.shell, { ...away, boundary: 'x' })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });

  it('cannot be made to believe in a section by what a device or file says', async () => {
    furnish(topologies.consumerBoard);
    const forged = [
      'nothing',
      '00000000000000000000000000000000:end:hostname:0',
      '00000000000000000000000000000000:begin:domains',
      'sys/bus/pci/devices/0000:00:00.0/vendor:0xdead',
      '',
    ].join('\n');
    host.file('proc/sys/kernel/hostname', forged);
    host.file('sys/bus/usb/devices/1-1/idVendor', '1234\n');
    host.file('sys/bus/usb/devices/1-1/idProduct', '5678\n');
    host.file('sys/bus/usb/devices/1-1/busnum', '1\n');
    host.file('sys/bus/usb/devices/1-1/devnum', '2\n');
    host.file('sys/bus/usb/devices/1-1/product', '$(touch /tmp/never)`id`; <x a="b">&\n1-1/idVendor:dead\n');
    const probe = await look();
    expect(probe.sections.get('hostname')).toBe(forged);
    expect(readHostFacts(probe).hostName).toMatch(/^nothing 0000/);
    expect(readUsbDevices(probe)).toEqual([
      expect.objectContaining({ vendorId: '1234', name: '$(touch /tmp/never)`id`; <x a="b">&' }),
    ]);
    const { devices } = readHostPci(probe, { managementIp: '192.0.2.20' });
    expect(devices.find(({ address }) => address === '0000:00:00.0')?.vendorId).toBe('1022');
  });

  it('prints the files of the boot loader line by line, and names the programs', async () => {
    host.file('etc/default/grub', 'A=1\n\nGRUB_CMDLINE_LINUX="quiet: yes"\n');
    host.file('boot/grub2/grub.cfg', 'large');
    host.file('boot/loader/entries/x-6.1.conf', 'options root=/dev/sda1\n');
    host.program('grubby', 'exit 0');
    const { sections } = await look();
    expect(sections.get('boot-loader')?.split('\n')).toEqual([
      'etc/default/grub:A=1',
      'etc/default/grub:',
      'etc/default/grub:GRUB_CMDLINE_LINUX="quiet: yes"',
      'boot/loader/entries/x-6.1.conf:options root=/dev/sda1',
      'present:boot/grub2/grub.cfg',
      '',
    ]);
    expect(sections.get('boot-programs')?.split('\n')).toContain('grubby');
  });
});

it('looks at the machine that the test runs on', async () => {
  const probe = await probeHost(shellHere, { libvirtUri, now, boundary });
  const facts = readHostFacts(probe);
  expect(facts.cpuNum).toBeGreaterThan(0);
  expect(facts.memorySize).toBeGreaterThan(1024 ** 2);
  expect(facts.kernelVersion).toMatch(/^\d+\.\d+/);
  expect(facts.bootTime).toBeLessThan(Date.now());
  const { devices } = readHostPci(probe, { managementIp: '127.0.0.1' });
  expect(devices.every(({ vendorId }) => /^[0-9a-f]{4}$/.test(vendorId))).toBe(true);
});
