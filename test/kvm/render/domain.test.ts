import { expect, it } from 'vitest';
import type { Mac } from '../../../src/base/mac.ts';
import type { Uuid } from '../../../src/base/uuid.ts';
import { type DomainPlan, dashed, renderCdrom, renderDomain } from '../../../src/kvm/render/domain.ts';
import { childOf, parseXml, textOf } from '../../../src/kvm/xml.ts';

const plan: DomainPlan = {
  uuid: '6f9619ff8b864d01b42d00cf4fc964ff' as Uuid,
  name: `Tom's <"web"> & co`,
  description: 'line 1\nline 2',
  cpuNum: 2,
  memorySize: 2 ** 30,
  accelerated: true,
  platform: 'Linux',
  rootDisk: '/var/lib/rackwright/vms/6f/root.qcow2',
  iso: undefined,
  nics: [{ mac: '52:54:00:00:00:01' as Mac, bridge: 'br0' }],
  instanceOfferingUuid: 'a'.repeat(32) as Uuid,
  imageUuid: 'b'.repeat(32) as Uuid,
};

it('writes name, title and metadata so that they are read again', () => {
  const domain = parseXml(renderDomain(plan));
  expect(textOf(domain, 'name')).toBe(dashed(plan.uuid));
  expect(textOf(domain, 'title')).toBe(plan.name);
  expect(textOf(domain, 'description')).toBe(plan.description);
  const own = childOf(domain, 'metadata')?.children[0];
  expect(own?.namespace).toBe('urn:rackwright:domain:1');
  expect(Object.fromEntries(own?.attributes ?? [])).toMatchObject({
    ours: 'true',
    offering: plan.instanceOfferingUuid,
    image: plan.imageUuid,
  });
});

it('is the same text for the same plan', () => {
  expect(renderDomain(plan)).toBe(renderDomain({ ...plan }));
});

it('emulates where the host has no KVM', () => {
  expect(renderDomain(plan)).toContain('<domain type="kvm">');
  expect(renderDomain({ ...plan, accelerated: false })).toContain('<domain type="qemu">');
});

it('gives Windows what it has drivers for', () => {
  const windows = renderDomain({ ...plan, platform: 'Windows' });
  expect(windows).not.toMatch(/bus="virtio"|<model type="virtio"/);
  expect(windows).toContain('<target dev="sdb" bus="sata"/>');
  expect(windows).toContain('<clock offset="localtime"/>');
});

it('has a drive that is empty without an ISO', () => {
  expect(renderDomain(plan)).toContain(renderCdrom('sda', undefined));
  expect(renderDomain({ ...plan, iso: '/srv/a&b.iso' })).toContain('<source file="/srv/a&amp;b.iso"/>');
});

it('shows its screen to the host itself only', () => {
  expect(renderDomain(plan)).toContain('<graphics type="vnc" autoport="yes" listen="127.0.0.1"/>');
});

it('cannot be broken out of by a name', () => {
  const name = '</title><devices><hostdev/></devices><title>';
  const domain = parseXml(renderDomain({ ...plan, name }));
  expect(domain.children.filter((child) => child.name === 'devices').length).toBe(1);
  expect(() => renderDomain({ ...plan, name: 'a\u0000b' })).toThrow(/control characters/);
});
