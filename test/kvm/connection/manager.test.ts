import { describe, expect, it } from 'vitest';
import { KvmError } from '../../../src/kvm/errors.ts';
import { NetError } from '../../../src/net/errors.ts';
import { connectionWorld, TestShell } from './world.ts';

describe('a host that is there', () => {
  it('is connected at the start, its key is pinned, and it is looked at', async () => {
    const world = connectionWorld();
    const host = await world.addHost({ name: 'one' });
    await world.connections.start();
    await world.clock.advance(10);
    expect(await world.status(host.uuid)).toEqual({
      status: 'Connected',
      statusCause: undefined,
      hostKey: 'SHA256:seen',
    });
    expect(world.looks).toEqual(['one']);
    expect(world.connections.isConnected(host.uuid)).toBe(true);
    expect([...world.shell().followers.keys()].toSorted()).toEqual(['udevadm', 'virsh']);
    await world.connections.close();
    await world.connections.close();
    expect(world.shell().isClosed).toBe(true);
    expect(world.notices).toEqual([]);
    await expect(world.connections.use(host.uuid, async () => 1)).rejects.toMatchObject({
      code: 'host-disconnected',
    });
  });

  it('tells observers in the order of registration, and a failure of one fails the look', async () => {
    const world = connectionWorld();
    const told: string[] = [];
    world.connections.observe(async () => void told.push('second'));
    world.connections.observe(async () => {
      told.push('third');
      throw new KvmError('conflict', 'observer');
    });
    world.connections.observe(async () => void told.push('never'));
    const host = await world.addHost();
    await expect(world.connections.connect(host)).rejects.toThrow('observer');
    expect(told).toEqual(['second', 'third']);
    await world.clock.advance(31_000);
    expect(told).toEqual(['second', 'third', 'second', 'third']);
    await expect(world.connections.look(host.uuid)).rejects.toThrow('observer');
    expect(world.connections.isConnected(host.uuid)).toBe(true);
    await world.connections.close();
  });

  it('runs six commands at once and no more, and gives streams', async () => {
    const world = connectionWorld();
    const host = await world.addHost();
    await world.connections.connect(host);
    const shell = world.shell();
    shell.answer = (argv) => new Promise((resolve) => setImmediate(resolve, String(argv[0])));
    const results = await world.connections.use(host.uuid, (seen) =>
      Promise.all(Array.from({ length: 30 }, (_, i) => seen.run([`c${i}`]))),
    );
    expect(results.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 30 }, (_, i) => `c${i}`));
    expect(shell.most).toBe(6);
    const stream = await world.connections.stream(host.uuid, { host: '127.0.0.1', port: 1 });
    stream.destroy();
    await world.connections.close();
  });
});

describe('a host that goes away', () => {
  it('fails what runs, comes back by itself, and nobody is told of a short absence', async () => {
    const world = connectionWorld();
    const host = await world.addHost();
    await world.connections.connect(host);
    const [first] = world.shells;
    first!.answer = () => new Promise(() => undefined);
    const running = world.connections.use(host.uuid, (shell) => shell.run(['x']));
    const outcome = Promise.allSettled([running]);
    first!.lose('power');
    expect(await outcome).toMatchObject([{ reason: { code: 'host-disconnected' } }]);
    await world.clock.advance(10);
    expect(await world.status(host.uuid)).toMatchObject({ status: 'Disconnected' });
    expect((await world.status(host.uuid)).statusCause).toContain('power');
    await expect(world.connections.look(host.uuid)).rejects.toMatchObject({ code: 'host-disconnected' });
    await world.clock.advance(5000);
    expect(await world.status(host.uuid)).toMatchObject({ status: 'Connected', statusCause: undefined });
    expect(world.looks).toHaveLength(2);
    await world.clock.advance(60_000);
    expect(world.notices).toEqual([]);
    await world.connections.close();
  });

  it('is told of once after thirty seconds', async () => {
    const world = connectionWorld();
    const host = await world.addHost({ name: 'lost one' });
    await world.connections.connect(host);
    world.opening = async () => {
      throw new NetError('unreachable', 'no answer');
    };
    world.shell().lose('power');
    await world.clock.advance(29_000);
    expect(world.notices).toEqual([]);
    await world.clock.advance(300_000);
    expect(world.notices).toHaveLength(1);
    expect(world.notices[0]).toMatchObject({ name: 'host-disconnected', about: { uuid: host.uuid } });
    expect(world.notices[0]!.text).toContain('lost one');
    await world.connections.close();
  });
});

describe('a host that cannot be connected', () => {
  it.each([
    ['unreachable', 'host-unreachable'],
    ['not-root', 'host-login-failed'],
  ] as const)('is tried again after %s', async (code, expected) => {
    const world = connectionWorld();
    const host = await world.addHost();
    let tries = 0;
    world.opening = async () => {
      tries++;
      if (tries < 4) throw new NetError(code, 'why');
    };
    await expect(world.connections.connect(host)).rejects.toMatchObject({ code: expected });
    expect(await world.status(host.uuid)).toMatchObject({ status: 'Disconnected', statusCause: 'why' });
    await world.clock.advance(120_000);
    expect(tries).toBe(4);
    expect((await world.status(host.uuid)).status).toBe('Connected');
    await world.connections.close();
  });

  it.each([
    ['login-refused', 'host-login-failed'],
    ['host-key-mismatch', 'host-key-mismatch'],
  ] as const)('is left alone after %s until a person acts', async (code, expected) => {
    const world = connectionWorld();
    const host = await world.addHost();
    let tries = 0;
    let isWell = false;
    world.opening = async () => {
      tries++;
      if (!isWell) throw new NetError(code, 'why', { data: { seen: 'SHA256:new' } });
    };
    await expect(world.connections.connect(host)).rejects.toMatchObject({ code: expected });
    await world.clock.advance(3_600_000);
    expect(tries).toBe(1);
    expect(world.notices.map(({ name }) => name)).toEqual(
      code === 'host-key-mismatch' ? ['host-key-changed'] : [],
    );
    isWell = true;
    await world.connections.connect(host);
    expect((await world.status(host.uuid)).status).toBe('Connected');
    await world.connections.close();
  });

  it('is called off by the end, and says nothing any more', async () => {
    let signal: AbortSignal | undefined;
    const world = connectionWorld({
      open: (_host, told) =>
        new Promise((_resolve, reject) => {
          signal = told;
          told.addEventListener('abort', () => reject(new NetError('closed', 'called off')));
        }),
    });
    const host = await world.addHost();
    const connecting = world.connections.connect(host);
    const outcome = Promise.allSettled([connecting]);
    await world.clock.advance(0);
    await world.connections.close();
    expect(await outcome).toMatchObject([{ reason: { code: 'host-disconnected' } }]);
    expect(signal?.aborted).toBe(true);
    expect(world.statuses).toEqual(['Connecting']);
  });
});

it('closes a connection that comes after the end', async () => {
  let give: (shell: TestShell) => void = () => undefined;
  const shell = new TestShell();
  const late = new Promise<TestShell>((resolve) => void (give = resolve));
  const world = connectionWorld({ open: async () => ({ shell: await late, hostKey: undefined }) });
  const host = await world.addHost();
  world.connections.connect(host).catch(() => undefined);
  await world.clock.advance(0);
  const closing = world.connections.close();
  give(shell);
  await closing;
  expect(shell.isClosed).toBe(true);
  expect(world.connections.isConnected(host.uuid)).toBe(false);
});

it('logs in to twenty hosts at a time', async () => {
  const world = connectionWorld();
  for (let i = 0; i < 50; i++) await world.addHost();
  let inside = 0;
  let most = 0;
  world.opening = async () => {
    inside++;
    most = Math.max(most, inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside--;
  };
  await world.connections.start();
  await world.clock.advance(1000);
  await world.clock.advance(1000);
  expect(world.looks).toHaveLength(50);
  expect(most).toBe(20);
  await world.connections.close();
});

it('connects anew when a person wishes, without a notice', async () => {
  const world = connectionWorld();
  const host = await world.addHost();
  await world.connections.connect(host);
  await world.connections.connect(host);
  expect(world.shells.map(({ isClosed }) => isClosed)).toEqual([true, false]);
  expect(world.statuses).toEqual(['Connecting', 'Connected', 'Connecting', 'Connected']);
  await world.clock.advance(60_000);
  expect(world.notices).toEqual([]);
  await world.connections.forget(host.uuid);
  expect(world.shells.every(({ isClosed }) => isClosed)).toBe(true);
  await world.connections.close();
});
