import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import type { Uuid } from '../../../src/base/uuid.ts';
import { createHosts, type HostsDeps } from '../../../src/kvm/hosts/hosts.ts';
import { ownKeyIn } from '../../../src/kvm/hosts/own-key.ts';
import type { KvmNotice } from '../../../src/kvm/ports.ts';
import type { AddHostInput } from '../../../src/kvm/service.ts';
import { openLocalShell } from '../../../src/net/local-shell.ts';
import { openSsh } from '../../../src/net/ssh.ts';
import { type FakeBehaviour, type FakeKvmHost, startFakeKvmHost } from '../../support/fake-kvm-host.ts';
import { type FakePrograms, fakePrograms } from '../../support/fake-kvm-host-programs.ts';
import { hostFacts } from '../../support/fake-kvm-records.ts';
import { keepingLog } from '../../support/keeping-log.ts';
import { memoryKvmStore } from '../../support/memory-kvm-store.ts';

export const clusterUuid = 'c'.repeat(32) as Uuid;

/** Hosts over real SSH to fake hosts whose commands a real shell runs. */
export function hostsWorld(changes: Partial<HostsDeps> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'hosts-'));
  const store = memoryKvmStore();
  const cluster = {
    uuid: clusterUuid,
    zoneUuid: 'd'.repeat(32) as Uuid,
    state: 'Enabled',
    hypervisorType: 'KVM',
  } as const;
  store.clusters.set(clusterUuid, cluster);
  const notices: KvmNotice[] = [];
  const log = keepingLog();
  const fakes: FakeKvmHost[] = [];
  const programs: FakePrograms[] = [];
  const hosts = createHosts({
    store,
    openSsh,
    openLocalShell,
    readOwnKey: ownKeyIn(folder),
    probe: async (shell) => {
      const { stdout } = await shell.run(['hostname']);
      return { sections: new Map([['hostname', stdout]]), time: Date.now() };
    },
    readFacts: (probe) => ({ ...hostFacts, hostName: probe.sections.get('hostname') ?? '' }),
    libvirtUri: 'qemu:///system',
    notify: (notice) => void notices.push(notice),
    clock: systemClock,
    random: randomBytes,
    log,
    connectTimeoutMs: 3000,
    ...changes,
  });
  return {
    ...hosts,
    folder,
    store,
    cluster,
    notices,
    log,
    async fake(
      behaviour: Partial<FakeBehaviour> = {},
    ): Promise<FakeKvmHost & { readonly programs: FakePrograms }> {
      const made = fakePrograms({ hostname: 'echo fake-host' });
      programs.push(made);
      const fake = await startFakeKvmHost({ run: made.run, ...behaviour });
      fakes.push(fake);
      return Object.assign(fake, { programs: made });
    },
    async end(): Promise<void> {
      await hosts.close();
      await Promise.all(fakes.map((fake) => fake.close()));
      for (const made of programs) made.remove();
      rmSync(folder, { recursive: true });
    },
  };
}

export type HostsWorld = ReturnType<typeof hostsWorld>;

/** What adds a fake host: several of them share one address, so each has a name for it of its own. */
export function inputFor(
  fake: Pick<FakeKvmHost, 'host' | 'port'>,
  change: Partial<AddHostInput> = {},
): AddHostInput {
  return {
    name: 'kvm',
    managementIp: fake.host,
    sshPort: fake.port,
    clusterUuid,
    username: 'root',
    password: 'secret',
    ...change,
  };
}
