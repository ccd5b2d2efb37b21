import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lookAtDomains, readDomains } from '../../../src/kvm/parse/domains.ts';
import type { RawDomain, RawProbe } from '../../../src/kvm/probe/raw.ts';

const fixture = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../fixtures/kvm', name), 'utf8');
const xml = fixture('domain-running.xml');
const inactiveXml = fixture('domain-inactive.xml');
const uuid = '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0';
const running: RawDomain = { uuid, persistent: true, state: 'running', xml, inactiveXml };

const probe = (...domains: RawDomain[]): RawProbe => ({ sections: new Map(), domains, time: 0 });
const read = (change: Partial<RawDomain> = {}) => readDomains(probe({ ...running, ...change }))[0];

it('joins what runs with what is defined', () => {
  expect(read()).toEqual({
    uuid: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',
    name: 'win 10; rm -rf "x" & <y>',
    title: 'Desktop of Zoë',
    description: 'two\nlines',
    state: 'Running',
    memorySize: 8 * 1024 ** 3,
    cpuNum: 2,
    nics: [
      { mac: '52:54:00:aa:bb:01', bridge: 'default' },
      { mac: '52:54:00:aa:bb:02', bridge: 'br0' },
      { mac: '52:54:00:aa:bb:03' },
    ],
    metadata: { ours: true, imageUuid: '1'.repeat(32), instanceOfferingUuid: '2'.repeat(32) },
    details: {
      domainName: 'win 10; rm -rf "x" & <y>',
      persistent: true,
      ours: true,
      disks: [
        { device: 'disk', target: 'vda', source: '/var/lib/libvirt/images/win 10.qcow2', format: 'qcow2' },
        { device: 'lun', target: 'sda', source: '/dev/sdb', format: 'raw' },
        { device: 'cdrom', target: 'sdb', source: undefined, format: 'raw' },
        { device: 'disk', target: 'vdb', source: 'default/v.img', format: undefined },
        { device: 'disk', target: 'vdc', source: 'pool/image', format: undefined },
        { device: 'disk', target: 'vdd', source: undefined, format: 'raw' },
      ],
      pciAddresses: {
        config: ['0000:3b:00.0', '0000:3b:00.1'],
        live: ['0000:3b:00.0', '0000:41:01.2', '0000:87:00.0'],
      },
      usbDevices: [
        { bus: 1, device: 9, vendorId: '046d', productId: 'c31c' },
        { bus: 2, device: 3 },
      ],
      redirections: [
        { kind: 'spicevmc' },
        { kind: 'unix', path: '/var/lib/libvirt/qemu/redir0.sock' },
        { kind: 'tcp', host: '127.0.0.1', port: 4000 },
      ],
      configuredRedirections: 2,
      graphics: [
        { kind: 'vnc', listen: '127.0.0.1', port: 5901, tlsPort: undefined, socket: undefined },
        { kind: 'spice', listen: undefined, port: undefined, tlsPort: 5902, socket: '/run/spice.sock' },
      ],
      serial: { kind: 'pty', source: '/dev/pts/4' },
      emulator: '/usr/bin/qemu-system-x86_64',
      virtualization: 'kvm',
    },
  });
});

it('shows a stopped domain as the next start has it', () => {
  const domain = read({ state: 'shut off', xml: inactiveXml });
  expect(domain).toMatchObject({
    state: 'Stopped',
    memorySize: 16 * 1024 ** 3,
    cpuNum: 4,
    nics: [{ mac: '52:54:00:aa:bb:01', bridge: 'default' }],
  });
  expect(domain?.details).toMatchObject({
    pciAddresses: { config: ['0000:3b:00.0', '0000:3b:00.1'], live: [] },
    redirections: [],
    configuredRedirections: 2,
    // Telnet: nothing that a plain stream could speak.
    serial: { kind: 'tcp', source: undefined },
    graphics: [{ kind: 'vnc', port: undefined }],
    ours: false,
  });
});

it('knows that nothing of a transient domain stays', () => {
  expect(read({ persistent: false, inactiveXml: '' })?.details).toMatchObject({
    persistent: false,
    pciAddresses: { config: [], live: ['0000:3b:00.0', '0000:41:01.2', '0000:87:00.0'] },
    configuredRedirections: 0,
  });
});

it.each([
  ['running', 'Running'],
  ['idle', 'Running'],
  ['paused', 'Paused'],
  ['in shutdown', 'Stopping'],
  ['shut off', 'Stopped'],
  ['crashed', 'Crashed'],
  ['pmsuspended', 'Paused'],
  ['no state', 'Unknown'],
  ['laufend', 'Unknown'],
  ['', 'Unknown'],
])('%j is %s', (state, expected) => {
  expect(read({ state })?.state).toBe(expected);
});

it.each([
  ['<memory>1024</memory>', 1024 ** 2],
  ["<memory unit='b'>1024</memory>", 1024],
  ["<memory unit='KB'>1000</memory>", 1_000_000],
  ["<memory unit='M'>512</memory>", 512 * 1024 ** 2],
  ["<memory unit='GiB'>3</memory>", 3 * 1024 ** 3],
  ["<memory unit='TB'>2</memory>", 2e12],
])('%s', (memory, bytes) => {
  const text = inactiveXml.replace(/<memory.*<\/memory>/, memory);
  expect(read({ xml: text, inactiveXml: text })?.memorySize).toBe(bytes);
});

describe('what cannot be read', () => {
  const other: RawDomain = {
    ...running,
    uuid: '6695eb01-f6a4-8304-79aa-97f2502e193f',
    xml: '<domain type="test"><name>test</name><uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid><memory>1</memory><vcpu>1</vcpu></domain>',
    inactiveXml: '',
  };

  it.each([
    ['no XML', { xml: 'error: nope' }],
    ['another document', { xml: '<network/>' }],
    ['a definition of another domain', { xml: other.xml }],
    ['an inactive definition of another domain', { inactiveXml: other.xml }],
    ['a DOCTYPE', { xml: `<!DOCTYPE domain>${xml}` }],
    ['no memory', { xml: xml.replace(/<memory.*/, '') }],
    ['memory in furlongs', { xml: xml.replace("<memory unit='KiB'", "<memory unit='furlong'") }],
    ['more memory than a number can say', { xml: xml.replace('8388608', '9'.repeat(16)) }],
    ['half a CPU', { xml: xml.replace("current='2'", "current='0.5'") }],
    ['no name', { xml: xml.replace(/<name>.*<\/name>/, '') }],
  ])('is left out with a reason and harms no other: %s', (_, change) => {
    const { domains, unread } = lookAtDomains(probe({ ...running, ...change }, other));
    expect(domains.map(({ name }) => name)).toEqual(['test']);
    expect(unread).toEqual([
      { uuid: '0f1e2d3c4b5a69788796a5b4c3d2e1f0', reason: expect.stringMatching(/\w+ \w+/) as string },
    ]);
  });

  it('refuses a look without libvirt rather than say that there are no domains', () => {
    const look = (failures?: RawProbe['failures']): RawProbe => ({
      sections: new Map(),
      time: 0,
      ...(failures === undefined ? {} : { failures }),
    });
    expect(() => readDomains(look())).toThrow(expect.objectContaining({ code: 'host-unfit' }));
    const words = 'error: failed to connect\nerror: No such file';
    expect(() => readDomains(look(new Map([['versions', words]])))).toThrow(
      expect.objectContaining({
        code: 'command-failed',
        message: expect.stringContaining('failed to connect error: No such file') as string,
      }),
    );
  });
});
