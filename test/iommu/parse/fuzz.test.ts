import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { kindOf, nameOf } from '../../../src/iommu/discovery/classify.ts';
import { identityOf, readIdentity, writeIdentity } from '../../../src/iommu/discovery/identity.ts';
import type { PciFacts } from '../../../src/iommu/model.ts';
import { parseLspci } from '../../../src/iommu/parse/lspci.ts';
import { readHostPci } from '../../../src/iommu/parse/host-pci.ts';
import type { ProbeSection } from '../../../src/kvm/probe/raw.ts';
import { topologies } from '../../fixtures/kvm/topologies/index.ts';
import { probeOf, type Topology } from '../../fixtures/kvm/topology.ts';
import { cases } from '../../support/cases.ts';
import { mutatedText } from '../../kvm/parse/mutated-text.ts';

const address = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/;

/** In CI; a laptop takes a few seconds. */
const longMs = 600_000;

const letters = Array.from('ab"\'<>&;$`\\|(){}*?!#~-=:/ é漢😀');

it.each<[string, Topology, readonly ProbeSection[]]>([
  ['lspci', topologies.twoSocketServer, ['lspci', 'pci-serials']],
  ['sysfs of PCI', topologies.sriovServer, ['pci-sysfs']],
  ['block devices and mounts', topologies.sriovServer, ['block-sysfs', 'mounts']],
  ['interfaces and routes', topologies.twoSocketServer, ['net-sysfs', 'addresses', 'routes', 'console']],
])(
  'reads any %s',
  (_, topology, names) => {
    const { sections } = probeOf({ ...topology, devices: topology.devices.slice(0, 6) });
    const texts = fc.tuple(...names.map((name) => mutatedText(sections.get(name) ?? '')));
    fc.assert(
      fc.property(texts, (changed) => {
        const damage = names.map((name, index) => [name, changed[index] ?? ''] as const);
        const probe = { sections: new Map([...sections, ...damage]), time: 0 };
        const host = readHostPci(probe, { managementIp: '192.0.2.20' });
        // expect() for each member would take most of the time.
        expect(host.devices.filter((facts) => !isSound(facts))).toEqual([]);
        expect(host.needs.disks.length).toBeLessThan(100);
      }),
      // A quarter of what a protocol gets: there are four kinds of text.
      { numRuns: Math.ceil(cases(100_000) / 4) },
    );
  },
  longMs,
);

function isSound(facts: PciFacts): boolean {
  const identity = identityOf(facts);
  const kept = readIdentity(writeIdentity(identity));
  return (
    address.test(facts.address) &&
    /^[0-9a-f]{6}$/.test(facts.classCode) &&
    /^[0-9a-f]{8}$/.test(facts.vendorId + facts.deviceId) &&
    /^[a-z0-9-]+$/.test(kindOf(facts)) &&
    !/\p{Cc}/u.test(nameOf(facts)) &&
    kept?.what === identity.what &&
    kept.slot === identity.slot &&
    kept.serial === identity.serial
  );
}

it('takes any name as data', () => {
  const name = fc
    .string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 40 })
    .map((text) => `n${text}n`);
  fc.assert(
    fc.property(name, name, (vendor, device) => {
      const text = `Slot:\t0000:01:00.0\nClass:\tx [0200]\nVendor:\t${vendor} [8086]\nDevice:\t${device} [1572]\n`;
      expect(parseLspci(text).get('0000:01:00.0')).toMatchObject({ vendorName: vendor, deviceName: device });
    }),
    { numRuns: cases(20_000) },
  );
});

it('does not take long over what is built to', () => {
  // Cycles of slaves, of masters and of links, and a path of a thousand bridges.
  const loop = Array.from({ length: 2000 }, (_, i) => [
    `lrwxrwxrwx 1 0 0 0 Nov 21 15:35 sys/class/block/dm-${i} -> ../../devices/virtual/block/dm-${i}`,
    `lrwxrwxrwx 1 0 0 0 Nov 21 15:35 sys/class/block/dm-${i}/slaves/dm-${(i + 1) % 2000} -> x`,
    `sys/class/block/dm-${i}/dev:253:${i}`,
  ]).flat();
  const net = Array.from({ length: 2000 }, (_, i) => [
    `lrwxrwxrwx 1 0 0 0 Nov 21 15:35 sys/class/net/v${i} -> ../../devices/virtual/net/v${i}`,
    `lrwxrwxrwx 1 0 0 0 Nov 21 15:35 sys/class/net/v${i}/lower_v${(i + 1) % 2000} -> x`,
  ]).flat();
  const deep = Array.from({ length: 1000 }, () => '0000:00:00.0').join('/');
  const probe = {
    time: 0,
    sections: new Map<ProbeSection, string>([
      ['block-sysfs', loop.join('\n')],
      ['mounts', 'proc/1/mountinfo:1 1 253:0 / / rw - ext4 /dev/dm-0 rw'],
      ['net-sysfs', net.join('\n')],
      ['routes', 'default via 192.0.2.1 dev v0'],
      [
        'pci-sysfs',
        `sys/bus/pci/devices/0000:00:00.0/class:0x020000\nsys/bus/pci/devices/0000:00:00.0/vendor:0x8086\nsys/bus/pci/devices/0000:00:00.0/device:0x1572\nlrwxrwxrwx 1 0 0 0 Nov 21 15:35 sys/bus/pci/devices/0000:00:00.0 -> ../../../devices/pci0000:00/${deep}`,
      ],
    ]),
  };
  const host = readHostPci(probe, { managementIp: '192.0.2.1' });
  expect(host.devices[0]?.parents).toHaveLength(999);
  expect(host.needs).toEqual({ disks: [], netInterfaces: [], consoleOnVga: true });
});
