import { expect, it } from 'vitest';
import { readHostFacts } from '../../../src/kvm/parse/host-facts.ts';
import type { ProbeSection } from '../../../src/kvm/probe/raw.ts';

const texts: Partial<Record<ProbeSection, string>> = {
  'os-release': 'NAME="Rocky Linux"\nPRETTY_NAME="Rocky Linux 9.3 (Blue \\"Onyx\\")"\nID=rocky\n',
  uname: 'Linux 5.14.0-362.el9.x86_64 x86_64\n',
  hostname: 'kvm7.example\n',
  cpuinfo: ['0', '0', '1', '1']
    .map((socket, index) =>
      [
        `processor\t: ${index}`,
        'vendor_id\t: GenuineIntel',
        'model name\t: Intel(R) Xeon(R) Gold',
        `physical id\t: ${socket}`,
      ].join('\n'),
    )
    .join('\n'),
  meminfo: 'MemTotal:       24684092 kB\n',
  'boot-time': 'btime 1795262315\n',
  dmi: 'sys/class/dmi/id/product_uuid:4c4c4544-0042-3510-8051-b4c04f4d3332\nsys/class/dmi/id/sys_vendor:Dell Inc.\n',
  versions:
    'Compiled against library: libvirt 9.5.0\nUsing library: libvirt 9.5.0\nUsing API: QEMU 9.5.0\nRunning hypervisor: QEMU 8.0.0\n',
  kvm: 'yes\n',
  'net-sysfs': [
    'lrwxrwxrwx 1 0 0 0 Nov 21 15:35 sys/class/net/br0 -> ../../devices/virtual/net/br0',
    'drwxr-xr-x 2 0 0 0 Nov 21 15:35 sys/class/net/br0/bridge',
    'drwxr-xr-x 2 0 0 0 Nov 21 15:35 sys/class/net/a-name-that-is-too-long/bridge',
  ].join('\n'),
  'ovs-bridges': 'brex\nbr int\n',
};
const read = (change: Partial<Record<ProbeSection, string>>) =>
  readHostFacts({ sections: new Map(Object.entries(change) as [ProbeSection, string][]), time: 0 });

it('reads a host', () => {
  expect(read(texts)).toEqual({
    hostName: 'kvm7.example',
    osRelease: 'Rocky Linux 9.3 (Blue "Onyx")',
    kernelVersion: '5.14.0-362.el9.x86_64',
    architecture: 'x86_64',
    cpuModel: 'Intel(R) Xeon(R) Gold',
    cpuSockets: 2,
    cpuNum: 4,
    memorySize: 24_684_092 * 1024,
    libvirtVersion: '9.5.0',
    qemuVersion: '8.0.0',
    hasKvm: true,
    systemUuid: '4c4c4544004235108051b4c04f4d3332',
    bridges: ['br0', 'brex'],
    bootTime: 1_795_262_315_000,
  });
});

it('says unknown for what a host does not say', () => {
  expect(read({})).toEqual({
    hostName: 'unknown',
    osRelease: 'unknown',
    kernelVersion: 'unknown',
    architecture: 'unknown',
    cpuModel: 'unknown',
    cpuSockets: 1,
    cpuNum: 0,
    memorySize: 0,
    libvirtVersion: undefined,
    qemuVersion: undefined,
    hasKvm: false,
    systemUuid: undefined,
    bridges: [],
    bootTime: undefined,
  });
});

it.each([
  ['PRETTY_NAME=Alpine', 'Alpine'],
  ["PRETTY_NAME='Alpine Linux v3.19'", 'Alpine Linux v3.19'],
  ['PRETTY_NAME=""', 'unknown'],
  [`PRETTY_NAME="${'x'.repeat(5000)}"`, 'x'.repeat(255)],
  ['PRETTY_NAME="a\u001b[31mb"', 'a [31mb'],
])('os-release %j', (text, name) => {
  expect(read({ 'os-release': text }).osRelease).toBe(name);
});

it('has a word for a processor without a model name', () => {
  expect(read({ cpuinfo: 'processor\t: 0\nCPU implementer\t: 0x41\n' }).cpuModel).toBe(
    'CPU implementer 0x41',
  );
});
