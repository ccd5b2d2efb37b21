import { describe, expect, it } from 'vitest';
import { hostPackages, leftOut, parseIndexTargets } from '../../hardware-lab/kvm-host/image/lists.ts';
import { hostArguments, removable } from '../../hardware-lab/kvm-host/qemu-arguments.ts';
import { playSteps } from '../../hardware-lab/kvm-host/steps.ts';

const start = {
  name: 'host',
  iommu: 'intel',
  uuid: '00000000-0000-4000-8000-000000000000',
  overlay: '/lab/root.qcow2',
  dataDisk: '/lab/data.raw',
  stick: '/lab/stick.raw',
  serialLog: '/lab/serial.log',
  monitor: '/lab/monitor.sock',
  sshPort: 0,
} as const;

describe('the parts of the KVM host', () => {
  it('takes the archives of Debian 12 from apt, each once, and no others', () => {
    const text = [
      'http://mirror.example/debian/|bookworm|main|bookworm',
      'http://mirror.example/debian/|bookworm|main|bookworm',
      'http://mirror.example/security/|bookworm-security|main|bookworm-security',
      'http://mirror.example/debian/|trixie|main|trixie',
      '',
    ].join('\n');
    expect(parseIndexTargets(text)).toEqual([
      { uri: 'http://mirror.example/debian/', suite: 'bookworm', component: 'main' },
      { uri: 'http://mirror.example/security/', suite: 'bookworm-security', component: 'main' },
    ]);
  });

  it('reads its lists without the comments', () => {
    expect(hostPackages()).toContain('libvirt-daemon-system');
    for (const word of hostPackages()) expect(word).toMatch(/^[a-z0-9][a-z0-9.+-]+$/);
    for (const pattern of leftOut()) expect(pattern).toMatch(/^\/[^ #]+\*$/);
  });

  it('forwards SSH on the loopback only and lets nothing out', () => {
    const network = hostArguments(start).filter((word) => word.includes('hostfwd'));
    expect(network).toEqual(['user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:0-10.0.2.9:22']);
  });

  it.each(['intel', 'amd'] as const)('has a CPU and an IOMMU of one maker: %s', (iommu) => {
    const words = hostArguments({ ...start, iommu }).join(' ');
    expect(words).toContain(iommu === 'intel' ? 'vendor=GenuineIntel' : 'vendor=AuthenticAMD');
    expect(words).toContain(`-device ${iommu}-iommu`);
    expect(words).toContain(`id=${removable.stick.id},bus=${removable.stick.bus}`);
  });

  it('runs no step after one that failed, and says so', async () => {
    const ran: string[] = [];
    const step = (name: string, fails: boolean) => ({
      name,
      run: async (world: string[]): Promise<undefined> => {
        world.push(name);
        if (fails) throw new Error('broken');
      },
    });
    const told: string[] = [];
    const results = await playSteps(
      [step('a', false), step('b', true), step('c', false)],
      ran,
      ({ step: name }) => told.push(name),
    );
    expect(ran).toEqual(['a', 'b']);
    expect(told).toEqual(['a', 'b', 'c']);
    expect(results.map(({ result, detail }) => [result, detail])).toEqual([
      ['ok', undefined],
      ['failed', 'broken'],
      ['not-run', undefined],
    ]);
  });
});
