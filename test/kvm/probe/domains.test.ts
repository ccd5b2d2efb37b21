import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { lookAtDomains, readDomains } from '../../../src/kvm/parse/domains.ts';
import { readHostFacts } from '../../../src/kvm/parse/host-facts.ts';
import { probeHost } from '../../../src/kvm/probe/probe.ts';
import { needTools } from '../../support/need.ts';
import { type MadeUpRoot, madeUpRoot, uuidOf, withDomains } from './here.ts';

const boundary = 'fedcba9876543210fedcba9876543210';
const hostile = [
  'name with spaces',
  'semi; domstate colon: "double" \'single\'',
  '-leading-dash',
  '$(touch never) `id` \\ & <b>',
  '--all',
  `${'0'.repeat(32)}:end:domains:0`,
];

// Hundreds of files and programs, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

let host: MadeUpRoot;
beforeEach(() => {
  host = madeUpRoot();
});
afterEach(() => host.close());

const look = (libvirtUri: string) =>
  probeHost(host.shell, { libvirtUri, now: () => 1, boundary, root: host.root });

describe.skipIf(!needTools({ tool: 'virsh', package: 'libvirt-clients' }))('with a genuine virsh', () => {
  beforeEach(() => host.program('virsh', 'PATH=/usr/bin:/usr/local/bin exec virsh "$@"'));

  it('takes names with blanks, quotes, semicolons and leading dashes as they are', async () => {
    const domains = readDomains(await look(withDomains(host, hostile)));
    expect(domains.map(({ name }) => name).toSorted()).toEqual(hostile.toSorted());
    for (const domain of domains) {
      expect(domain.title).toBe(`title ${domain.name}`);
      expect(domain.description).toContain(':done');
      expect(domain.memorySize).toBe(8 * 1024 ** 3);
      expect(domain.details.persistent).toBe(true);
    }
    expect(new Set(domains.map(({ state }) => state))).toEqual(new Set(['Running', 'Stopped']));
  });

  it('asks for 600 domains in a handful of virsh processes', async () => {
    const uri = withDomains(
      host,
      Array.from({ length: 600 }, (_, index) => `vm-${index}`),
    );
    const { domains, unread } = lookAtDomains(await look(uri));
    expect(domains).toHaveLength(600);
    expect(unread).toEqual([]);
    expect(host.calls()).toHaveLength(6);
    expect(host.runs()).toBe(1);
  });

  it('tells none from a libvirt that does not answer', async () => {
    expect(readDomains(await look(withDomains(host, [])))).toEqual([]);
    const dead = await look('qemu+unix:///system?socket=/nonexistent');
    expect(dead.domains).toBeUndefined();
    expect(() => readDomains(dead)).toThrow(/start libvirtd/);
    expect(dead.sections.get('uname')).toMatch(/Linux/);
  });

  it('reads the versions', async () => {
    const facts = readHostFacts(await look('test:///default'));
    expect(facts.libvirtVersion).toMatch(/^\d+\.\d+\.\d+$/);
    expect(facts.qemuVersion).toBeUndefined();
  });
});

it('keeps the other domains when one goes away in the middle', async () => {
  const [one, two] = [uuidOf(1), uuidOf(2)];
  const xml = (uuid: string): string =>
    `<domain type="kvm"><name>n</name><uuid>${uuid}</uuid><memory>1024</memory><vcpu>1</vcpu></domain>`;
  host.program(
    'virsh',
    `case "$*" in
*" version") echo 'Running hypervisor: QEMU 8.2.2' ;;
*" list "*) printf '%s\n' '${one}' '${two}' ;;
*) printf '%s\n' '${boundary}:domain:${one}' '${boundary}:live' '${boundary}:inactive' '${boundary}:domain:${two}' running '' '${boundary}:live' '${xml(two)}' '' '${boundary}:inactive' '${xml(two)}' '' ; exit 1 ;;
esac`,
  );
  const probe = await look('qemu:///system');
  const { domains, unread } = lookAtDomains(probe);
  expect(domains.map(({ uuid }) => uuid)).toEqual([two.replaceAll('-', '')]);
  expect(unread).toEqual([
    { uuid: one.replaceAll('-', ''), reason: 'virsh printed no definition; it may be gone by now' },
  ]);
  expect(readHostFacts(probe).qemuVersion).toBe('8.2.2');
});
