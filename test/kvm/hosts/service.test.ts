import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Uuid } from '../../../src/base/uuid.ts';
import type { Host } from '../../../src/kvm/model.ts';
import { domain, vm } from '../../support/fake-kvm-records.ts';
import { type HostsWorld, hostsWorld, inputFor } from './world.ts';

type Fake = Awaited<ReturnType<HostsWorld['fake']>>;
let world: HostsWorld;
let fake: Fake;
let uuid: Uuid;
beforeEach(async () => {
  world = hostsWorld();
  fake = await world.fake();
  uuid = await world.service.addHost(inputFor(fake));
});
afterEach(() => world.end());

const host = async (): Promise<Host> => (await world.store.getHost(uuid))!;

describe('a change of a host', () => {
  it('of its name leaves the connection alone', async () => {
    await world.service.updateHost(uuid, { name: ' other ', description: 'd', password: '******' });
    expect(await host()).toMatchObject({
      name: 'other',
      description: 'd',
      password: 'secret',
      status: 'Connected',
    });
    expect(fake.counts.logins).toBe(1);
    await expect(world.service.updateHost(uuid, { name: '' })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
    await expect(world.service.updateHost('0'.repeat(32), { name: 'x' })).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('of its password connects anew, and the status says how that went', async () => {
    fake.behaviour.password = 'changed';
    await world.service.updateHost(uuid, { password: 'wrong' });
    expect(await host()).toMatchObject({ status: 'Disconnected', password: 'wrong' });
    await world.service.updateHost(uuid, { password: 'changed' });
    expect(await host()).toMatchObject({ status: 'Connected', statusCause: undefined });
    await vi.waitFor(() => expect(fake.counts.open).toBe(1));
  });
});

it('notices a changed key, leaves the host alone, and trusts the new one when told', async () => {
  const before = fake.hostKey();
  fake.changeHostKey();
  await expect(world.service.reconnectHost(uuid)).rejects.toMatchObject({ code: 'host-key-mismatch' });
  const { status, statusCause } = await host();
  expect(status).toBe('Disconnected');
  expect(statusCause).toContain(before);
  expect(statusCause).toContain(`sshHostKey::${fake.hostKey()}`);
  expect(world.notices.map(({ name }) => name)).toEqual(['host-key-changed']);
  expect(fake.passwords).toHaveLength(1);
  await world.service.updateHost(uuid, { systemTags: [`sshHostKey::${fake.hostKey()}`] });
  expect(await host()).toMatchObject({ status: 'Connected', hostKey: fake.hostKey() });
});

it('goes to maintenance only when nothing runs', async () => {
  const running = vm(await host(), { name: 'web server', state: 'Running' });
  await world.store.saveVm(running);
  const refused = world.service.changeHostState(uuid, 'maintain');
  await expect(refused).rejects.toMatchObject({ code: 'refused' });
  await expect(refused).rejects.toThrow('web server');
  expect((await host()).state).toBe('Enabled');
  await world.store.saveVm({ ...running, state: 'Stopped', hostUuid: undefined });
  await world.service.changeHostState(uuid, 'maintain');
  expect((await host()).state).toBe('Maintenance');
  await world.service.changeHostState(uuid, 'disable');
  expect((await host()).state).toBe('Disabled');
  await world.service.changeHostState(uuid, 'enable');
  expect((await host()).state).toBe('Enabled');
});

it('is deleted only when no VM has devices of it, and twice', async () => {
  const free = { ...domain, pciAddresses: { config: [], live: [] }, usbDevices: [] };
  const holding = vm(await host(), {
    name: 'gpu vm',
    state: 'Stopped',
    hostUuid: undefined,
    lastHostUuid: uuid,
  });
  for (const bound of [
    { ...free, usbDevices: [{ bus: 1, device: 2 }] },
    { ...free, pciAddresses: { config: [], live: ['0000:01:00.0'] } },
  ]) {
    await world.store.saveVm({ ...holding, domain: bound });
    const refused = world.service.deleteHost(uuid);
    await expect(refused).rejects.toMatchObject({ code: 'refused' });
    await expect(refused).rejects.toThrow('gpu vm');
  }
  await world.store.saveVm({ ...holding, domain: free });
  await world.service.deleteHost(uuid);
  await world.service.deleteHost(uuid);
  expect(await world.store.listHosts()).toEqual([]);
  await vi.waitFor(() => expect(fake.counts.open).toBe(0));
  await expect(world.connections.look(uuid)).rejects.toMatchObject({ code: 'host-disconnected' });
});

describe('a script', () => {
  it('runs as it is, and its text and output stay out of the log', async () => {
    const script = 'canary="it\'s here"; echo "$canary"; echo oops >&2; exit 3\n';
    const answers = await world.service.runShell([uuid, uuid], script);
    expect([...answers]).toEqual([
      [uuid, { returnCode: 3, stdout: "it's here\n", stderr: 'oops\n', failure: undefined }],
    ]);
    expect(world.log.lines.join('\n')).not.toMatch(/canary|it's here|oops/);
    expect(fake.commands.flat().join(' ')).not.toContain('canary');
  });

  it('has a failure of its own for each host that fails', async () => {
    const second = await world.fake();
    const away = await world.service.addHost(inputFor(second, { name: 'away', managementIp: 'localhost' }));
    await second.stopListening();
    await vi.waitFor(() => expect(world.connections.isConnected(away)).toBe(false));
    const answers = await world.service.runShell([uuid, away], 'echo ok');
    expect(answers.get(uuid)).toMatchObject({ returnCode: 0, stdout: 'ok\n', failure: undefined });
    expect(answers.get(away)).toMatchObject({ returnCode: -1, failure: { code: 'host-disconnected' } });
  });

  it('is cut at a mebibyte of output, told when it is killed, and needs hosts', async () => {
    const cut = (await world.service.runShell([uuid], 'head -c 3000000 /dev/zero')).get(uuid)!;
    expect(cut.stdout).toHaveLength(1024 * 1024);
    expect(cut.stderr).toContain('1 MiB');
    await expect(world.service.runShell([], 'x')).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(world.service.runShell(['0'.repeat(32)], 'x')).rejects.toMatchObject({ code: 'not-found' });
  });
});

it('starts again with what is stored', async () => {
  await world.close();
  expect((await host()).status).toBe('Connected');
  const again = hostsWorld({ store: world.store });
  await again.start();
  await vi.waitFor(() => expect(again.connections.isConnected(uuid)).toBe(true));
  expect(fake.counts.logins).toBe(2);
  await again.end();
});
