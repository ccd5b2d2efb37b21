import { describe, expect, it } from 'vitest';
import { readHostPci } from '../../../src/iommu/parse/host-pci.ts';
import type { ProbeSection, RawProbe } from '../../../src/kvm/probe/raw.ts';
import { topologies } from '../../fixtures/kvm/topologies/index.ts';
import { probeOf, type Topology } from '../../fixtures/kvm/topology.ts';

const read = (topology: Topology, managementIp = topology.addresses[1]?.[1].split('/')[0] ?? '') =>
  readHostPci(probeOf(topology), { managementIp });

/** The look at a host with some sections in other words; undefined takes one away. */
function changed(topology: Topology, texts: Partial<Record<ProbeSection, string | undefined>>): RawProbe {
  const probe = probeOf(topology);
  const sections = new Map(probe.sections);
  for (const [name, text] of Object.entries(texts)) {
    if (text === undefined) sections.delete(name as ProbeSection);
    else sections.set(name as ProbeSection, text);
  }
  return { ...probe, sections };
}

const deviceOf = (topology: Topology, address: string) =>
  read(topology).devices.find((device) => device.address === address);

describe('functions', () => {
  it('joins what lspci names with what sysfs says', () => {
    expect(deviceOf(topologies.twoSocketServer, '0000:3b:00.0')).toEqual({
      address: '0000:3b:00.0',
      classCode: '030000',
      vendorId: '10de',
      deviceId: '1e07',
      subvendorId: '1458',
      subdeviceId: '37a9',
      revision: 'a1',
      className: 'VGA compatible controller',
      vendorName: 'NVIDIA Corporation',
      deviceName: 'TU102 [GeForce RTX 2080 Ti Rev. A]',
      subdeviceName: undefined,
      driver: 'nouveau',
      modules: ['nvidiafb', 'nouveau'],
      iommuGroup: 21,
      numaNode: 0,
      resetMethods: ['bus'],
      bootVga: false,
      sriov: undefined,
      physicalFunction: undefined,
      parents: ['0000:3a:00.0'],
      slotPath: '\\_SB_.PC02/00.0/00.0',
      serial: undefined,
      uses: { netInterfaces: [], blockDevices: [], drm: ['card21'] },
    });
  });

  it('has ids, drivers, groups and topology without lspci; names are then undefined', () => {
    const whole = read(topologies.twoSocketServer);
    const bare = readHostPci(
      changed(topologies.twoSocketServer, { lspci: undefined, 'pci-serials': undefined }),
      { managementIp: '192.0.2.10' },
    );
    const unnamed = whole.devices.map((device) => ({
      ...device,
      className: undefined,
      vendorName: undefined,
      deviceName: undefined,
      serial: undefined,
      modules: [],
    }));
    expect(bare.devices).toEqual(unnamed);
  });

  it('has ids, drivers and groups from lspci alone', () => {
    const probe = changed(topologies.twoSocketServer, { 'pci-sysfs': undefined });
    const { devices } = readHostPci(probe, { managementIp: '192.0.2.10' });
    expect(devices).toHaveLength(topologies.twoSocketServer.devices.length);
    expect(devices.find(({ address }) => address === '0000:86:00.0')).toMatchObject({
      classCode: '030000',
      subvendorId: '1458',
      driver: 'nouveau',
      iommuGroup: 31,
      numaNode: undefined,
      slotPath: 'pci0000:86/00.0',
    });
  });

  it('keeps virtual functions by their distance to the physical one, over the end of its bus', () => {
    const { devices } = read(topologies.sriovServer);
    const virtual = devices.filter(({ physicalFunction }) => physicalFunction === '0000:41:00.0');
    expect(virtual.map(({ slotPath }) => slotPath.split('/').at(-1))).toEqual([
      'vf8',
      'vf9',
      'vf10',
      'vf264',
    ]);
    expect(devices.find(({ address }) => address === '0000:41:00.0')?.sriov).toEqual({
      totalVfs: 128,
      numVfs: 4,
    });
  });

  it('knows that disks behind VMD hang on VMD too, and gives each function a place of its own', () => {
    expect(deviceOf(topologies.vmdWorkstation, '0000:00:0e.0')?.uses.blockDevices).toEqual([
      'nvme0n1',
      'nvme1n1',
    ]);
    expect(deviceOf(topologies.vmdWorkstation, '10000:e1:00.0')?.parents).toEqual([
      '0000:00:0e.0',
      '10000:e0:1b.0',
    ]);
    for (const topology of Object.values(topologies)) {
      const paths = read(topology).devices.map(({ slotPath }) => slotPath);
      expect(new Set(paths).size).toBe(paths.length);
    }
  });

  it('keeps places when buses are numbered anew', () => {
    const renumbered = {
      ...topologies.consumerBoard,
      devices: topologies.consumerBoard.devices.map((device) => ({
        ...device,
        path: device.path.map((address) => address.replace(/:2([2-8]):/, ':3$1:')),
      })),
    };
    const places = (topology: Topology) =>
      read(topology)
        .devices.map(({ slotPath }) => slotPath)
        .toSorted();
    expect(places(renumbered)).toEqual(places(topologies.consumerBoard));
    expect(read(renumbered).devices.some(({ address }) => address.startsWith('0000:36'))).toBe(true);
  });

  it.each([
    ['reset_method:flr bus', ['flr', 'bus']],
    ['reset_method:', []],
  ])("reads the kernel's ways to reset: %s", (line, methods) => {
    const path = 'sys/bus/pci/devices/0000:01:00.0';
    const text = [
      `${path}/class:0x020000`,
      `${path}/vendor:0x8086`,
      `${path}/device:0x1572`,
      `${path}/${line}`,
    ];
    const probe: RawProbe = { sections: new Map([['pci-sysfs', text.join('\n')]]), time: 0 };
    expect(readHostPci(probe, { managementIp: '' }).devices[0]?.resetMethods).toEqual(methods);
  });

  it('says `reset` for kernels that have a way but do not tell which', () => {
    const path = 'sys/bus/pci/devices/0000:01:00.0';
    const text = [
      `${path}/class:0x020000`,
      `${path}/vendor:0x8086`,
      `${path}/device:0x1572`,
      `--w------- 1 0 0 4096 Nov 21 15:35 ${path}/reset`,
    ];
    const probe: RawProbe = { sections: new Map([['pci-sysfs', text.join('\n')]]), time: 0 };
    expect(readHostPci(probe, { managementIp: '' }).devices[0]?.resetMethods).toEqual(['reset']);
  });
});

describe('what the host needs', () => {
  const pairs = (topology: Topology) =>
    read(topology).needs.disks.map(({ device, mountPoint }) => `${device} ${mountPoint}`);

  it('follows LVM on a RAID to both disks', () => {
    expect(pairs(topologies.twoSocketServer)).toEqual([
      'nvme0n1 /',
      'nvme0n1 /boot',
      'nvme0n1 /boot/efi',
      'nvme0n1 swap',
      'nvme1n1 /',
      'nvme1n1 /boot',
      'nvme1n1 swap',
    ]);
  });

  it('finds both controllers of a multipath NVMe disk and all disks of a btrfs, and leaves loop devices out', () => {
    expect(pairs(topologies.sriovServer)).toEqual(['nvme0n1 /', 'nvme0n1 /boot/efi', 'sda /srv', 'sdb /srv']);
    for (const address of ['0000:01:00.0', '0000:02:00.0']) {
      expect(deviceOf(topologies.sriovServer, address)?.uses.blockDevices).toEqual(['nvme0n1']);
    }
  });

  it('finds the disks of a ZFS pool, not those of an open volume that is not mounted', () => {
    expect(pairs(topologies.vmdWorkstation)).toEqual([
      'nvme0n1 /',
      'nvme0n1 zpool rpool',
      'nvme1n1 /',
      'nvme1n1 zpool rpool',
    ]);
  });

  it('reads octal escapes of mount points, and keeps the first eight of a disk', () => {
    expect(pairs(topologies.consumerBoard)).toEqual(['sda /', 'sdb /mnt/usb stick']);
    const many = Array.from(
      { length: 50 },
      (_, i) => ['8:1', `/var/lib/containers/${i}`, 'ext4', '/dev/sda1'] as const,
    );
    const { disks } = read({
      ...topologies.consumerBoard,
      mounts: [...many, ['8:1', '/', 'ext4', '/dev/sda1']],
    }).needs;
    expect(disks).toHaveLength(8);
    expect(disks[0]).toEqual({ device: 'sda', mountPoint: '/' });
  });

  it('follows a bridge over a VLAN over a bond to both NICs', () => {
    expect(read(topologies.twoSocketServer).needs.netInterfaces).toEqual([
      { name: 'eno1', why: 'management address 192.0.2.10 of br0' },
      { name: 'eno2', why: 'management address 192.0.2.10 of br0' },
    ]);
  });

  it('takes every port of Open vSwitch when one of its bridges is needed', () => {
    expect(read(topologies.sriovServer).needs.netInterfaces).toEqual([
      { name: 'ens1f0', why: 'management address 192.0.2.30 of brex' },
    ]);
    expect(read(topologies.sriovServer, '127.0.0.1').needs.netInterfaces).toEqual([
      { name: 'ens1f0', why: 'default route of brex' },
    ]);
  });

  it('takes every interface with an address when none has the management address', () => {
    const topology = { ...topologies.consumerBoard, defaultRoute: '' };
    expect(read(topology, '127.0.0.1').needs.netInterfaces).toEqual([]);
    expect(read(topology, 'host.example').needs.netInterfaces).toEqual([
      { name: 'enp34s0', why: 'address 192.0.2.20' },
    ]);
  });

  it('reads the routes of /proc where there is no ip', () => {
    const routes = [
      'proc/net/route:Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
      'proc/net/route:enp34s0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0',
      `proc/net/ipv6_route:${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00 ${'0'.repeat(32)} ffffffff 00000001 00000000 00200200       lo`,
    ].join('\n');
    const probe = changed(topologies.consumerBoard, { routes, addresses: undefined });
    expect(readHostPci(probe, { managementIp: '192.0.2.20' }).needs.netInterfaces).toEqual([
      { name: 'enp34s0', why: 'default route' },
    ]);
  });

  it.each([
    ['tty0\n', 'console=ttyS0', true],
    ['ttyS0\n', '', false],
    ['ttyS0 tty0\n', '', true],
    [undefined, 'quiet console=ttyS0,115200', false],
    [undefined, 'console=ttyS0 console=tty1', true],
    [undefined, 'quiet', true],
  ])('sees the console on a screen: active %j, command line %j: %s', (console, cmdline, expected) => {
    const probe = changed(topologies.consumerBoard, { console, cmdline });
    expect(readHostPci(probe, { managementIp: '' }).needs.consoleOnVga).toBe(expected);
  });
});

it('reads the IOMMU of the running kernel', () => {
  expect(read(topologies.twoSocketServer).iommu).toMatchObject({
    vendor: 'intel',
    units: ['dmar0', 'dmar1', 'dmar2', 'dmar3'],
    groups: 19,
  });
  expect(read(topologies.vmdWorkstation).iommu).toMatchObject({ vendor: 'intel', units: [], groups: 0 });
  expect(readHostPci({ sections: new Map(), time: 0 }, { managementIp: '' })).toEqual({
    devices: [],
    needs: { disks: [], netInterfaces: [], consoleOnVga: true },
    iommu: { vendor: 'other', units: [], groups: 0, commandLine: '' },
  });
});
