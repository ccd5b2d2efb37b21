import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Uuid } from '../../../src/base/uuid.ts';
import { answering, type FakeBehaviour } from '../../support/fake-kvm-host.ts';
import { openLocalShell } from '../../../src/net/local-shell.ts';
import { needRoot } from '../../support/need.ts';
import { type HostsWorld, hostsWorld, inputFor } from './world.ts';

let world: HostsWorld;
beforeEach(() => {
  world = hostsWorld();
});
afterEach(() => world.end());

it('adds a host that answers: connected, pinned, with its facts, and observers are told', async () => {
  const seen: string[] = [];
  world.observe(async (host) => void seen.push(`${host.name} ${host.status}`));
  const fake = await world.fake();
  const uuid = await world.service.addHost(inputFor(fake, { description: 'rack 1' }));
  expect(await world.store.getHost(uuid)).toMatchObject({
    name: 'kvm',
    description: 'rack 1',
    status: 'Connected',
    state: 'Enabled',
    connection: 'ssh',
    hostKey: fake.hostKey(),
    facts: { hostName: 'fake-host\n' },
  });
  expect(world.connections.isConnected(uuid)).toBe(true);
  expect(seen).toEqual(['kvm Connected']);
  expect(fake.counts.logins).toBe(1);
});

it('logs in by its own key when there is no password', async () => {
  const publicKey = await world.service.publicKey();
  expect(publicKey).toMatch(/^ssh-ed25519 \S+ rackwright$/);
  const fake = await world.fake({ methods: ['publickey'], authorizedKeys: [publicKey] });
  await world.service.addHost(inputFor(fake, { password: '' }));
  expect(fake.counts.logins).toBe(1);
});

it('stores nothing of a host that cannot be used, and says why', async () => {
  const fake = await world.fake();
  const { behaviour } = fake;
  const usual = behaviour.run;
  const bare = answering((argv) => ({ stdout: argv.includes('lspci') ? 'lspci\n' : '' }));
  const pinned = `sshHostKey::SHA256:${'A'.repeat(43)}`;
  const cases: [string, string, Parameters<typeof inputFor>[1], Partial<FakeBehaviour>][] = [
    ['host-login-failed', 'password', { password: 'canary-wrong' }, {}],
    ['host-key-mismatch', fake.hostKey(), { systemTags: [pinned] }, {}],
    ['host-unfit', 'pciutils', {}, { run: bare }],
    ['host-login-failed', 'publickey', {}, { methods: ['publickey'] }],
    ['host-unreachable', 'SSH', {}, { stall: true }],
  ];
  for (const [code, word, change, how] of cases) {
    Object.assign(behaviour, { run: usual, ...how });
    const adding = world.service.addHost(inputFor(fake, change));
    await expect(adding).rejects.toMatchObject({ code });
    await expect(adding).rejects.toThrow(word);
    await expect(adding).rejects.not.toThrow('canary');
  }
  await fake.stopListening();
  await expect(world.service.addHost(inputFor(fake))).rejects.toMatchObject({ code: 'host-unreachable' });
  expect(await world.store.listHosts()).toEqual([]);
  await vi.waitFor(() => expect(fake.counts.open).toBe(0));
  expect(world.log.lines.join('\n')).not.toContain('canary');
});

it('accepts a pinned key, and refuses bad arguments before anything is sent', async () => {
  const fake = await world.fake();
  const bad: [Parameters<typeof inputFor>[1], string][] = [
    [{ name: ' ' }, 'invalid-argument'],
    [{ managementIp: '10.0.0.300' }, 'invalid-argument'],
    [{ managementIp: 'a b' }, 'invalid-argument'],
    [{ sshPort: 0 }, 'invalid-argument'],
    [{ username: '-oProxyCommand=x' }, 'invalid-argument'],
    [{ systemTags: ['sshHostKey::MD5:00'] }, 'invalid-argument'],
    [{ resourceUuid: 'x' }, 'invalid-argument'],
    [{ clusterUuid: 'e'.repeat(32) }, 'not-found'],
  ];
  for (const [change, code] of bad) {
    await expect(world.service.addHost(inputFor(fake, change))).rejects.toMatchObject({ code });
  }
  world.store.clusters.set('b'.repeat(32), { ...world.cluster, hypervisorType: 'baremetal' });
  world.store.clusters.set('a'.repeat(32), { ...world.cluster, state: 'Disabled' });
  for (const clusterUuid of ['b'.repeat(32), 'a'.repeat(32)]) {
    await expect(world.service.addHost(inputFor(fake, { clusterUuid }))).rejects.toMatchObject({
      code: 'refused',
    });
  }
  expect(fake.counts.connections).toBe(0);
  await world.service.addHost(
    inputFor(fake, { systemTags: [`sshHostKey::${fake.hostKey()}`, 'other::tag'] }),
  );
});

it('lets one of two adds of an address win, and refuses a taken uuid', async () => {
  const fake = await world.fake();
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => world.service.addHost(inputFor(fake))));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'conflict' });
  }
  expect(await world.store.listHosts()).toHaveLength(1);
  await expect(world.service.addHost(inputFor(fake))).rejects.toMatchObject({ code: 'conflict' });
  const [host] = await world.store.listHosts();
  const taken = inputFor(fake, { managementIp: 'localhost', resourceUuid: host!.uuid });
  await expect(world.service.addHost(taken)).rejects.toMatchObject({ code: 'conflict' });
  const wished = 'f'.repeat(32) as Uuid;
  expect(
    await world.service.addHost(inputFor(fake, { managementIp: 'localhost', resourceUuid: wished })),
  ).toBe(wished);
});

it.skipIf(!needRoot())('adds the machine that it runs on, once', async () => {
  const local = {
    managementIp: '127.0.0.1',
    systemTags: ['hostConnection::local'],
    username: '',
    password: 'x',
  };
  const fake = { host: '127.0.0.1', port: 22 };
  // virsh and lspci of this machine are not for this test to ask for.
  const opened = hostsWorld({
    openLocalShell: async () => {
      const shell = await openLocalShell();
      return { ...shell, run: (argv, options) => shell.run(argv[0] === 'sh' ? ['true'] : argv, options) };
    },
  });
  const uuid = await opened.service.addHost(inputFor(fake, local));
  expect(await opened.store.getHost(uuid)).toMatchObject({
    connection: 'local',
    password: '',
    hostKey: undefined,
  });
  const again = inputFor(fake, { ...local, managementIp: '127.0.0.2' });
  await expect(opened.service.addHost(again)).rejects.toMatchObject({ code: 'conflict' });
  await opened.end();
});
