import { describe, expect, it } from 'vitest';
import { connectBmc, IpmiError } from '../../../src/ipmi/index.ts';
import { chassisControl } from '../../../src/ipmi/commands/chassis/control.ts';
import { getDeviceId } from '../../../src/ipmi/commands/app/get-device-id.ts';
import { createLockoutGuard, memoryGuardStore } from '../../../src/ipmi/pool/lockout-guard.ts';
import { type BmcPoolOptions, createBmcPool } from '../../../src/ipmi/pool/pool.ts';
import { fakeLab } from '../../support/fake-lab.ts';
import { ipmiErrorOf } from '../../support/ipmi-deps.ts';

const deviceId = Uint8Array.of(0x20, 0x81, 0x07, 0x45, 0x02, 0xbf, 0x57, 0x01, 0x00, 0x34, 0x12);
const isStatus = (one: { netFn: number; cmd: number }): boolean => one.netFn === 0 && one.cmd === 1;
const wellBehaved = (one: { netFn: number; cmd: number }) =>
  isStatus(one)
    ? { completionCode: 0, data: Uint8Array.of(1, 0, 0, 0) }
    : one.cmd === 1
      ? { completionCode: 0, data: deviceId }
      : { completionCode: 0 };

function world(lab: ReturnType<typeof fakeLab>, options: BmcPoolOptions = {}) {
  const { clock, random } = lab.deps;
  let logins = 0;
  const connect: Parameters<typeof createBmcPool>[1]['connect'] = (target, timing) => {
    logins++;
    return connectBmc(target, lab.deps, timing);
  };
  const guard = createLockoutGuard(memoryGuardStore(), clock);
  const pool = createBmcPool(options, { connect, clock, random, guard });
  const status = (over = {}, priority: 'command' | 'status' = 'status') =>
    pool.use('a', { ...lab.target, ...over }, async (session) => (await session.chassisStatus()).powerOn, {
      priority,
    });
  return { pool, status, logins: () => logins };
}

/** Numbers of the sessions that datagrams of sessions name. IPMI 2.0 §13.6 */
const sessionOf = (datagram: Uint8Array): number =>
  datagram[4] === 6 ? new DataView(datagram.buffer, datagram.byteOffset).getUint32(6, true) : 0;

describe('one session a BMC', () => {
  it('is shared, kept for a while, and closed cleanly', async () => {
    const lab = fakeLab({ onCommand: wellBehaved });
    const { pool, status, logins } = world(lab);
    expect(await lab.time.settle(Promise.all([status(), status(), status()]))).toEqual([true, true, true]);
    expect([logins(), lab.bmc.openSessions()]).toEqual([1, 1]);
    await lab.time.pass(29_000);
    expect(await lab.time.settle(status())).toBe(true);
    expect([logins(), pool.status('a')?.open]).toEqual([1, true]);
    await lab.time.pass(31_000);
    expect([lab.bmc.openSessions(), lab.sockets(), pool.status('a')?.open]).toEqual([0, 0, false]);
    expect(await lab.time.settle(status())).toBe(true);
    expect(logins()).toBe(2);
    await lab.time.settle(pool.close());
    expect([lab.bmc.openSessions(), lab.sockets()]).toEqual([0, 0]);
    expect((await ipmiErrorOf(status())).code).toBe('closed');
  });

  it('has one command in flight, and lets status pass between the commands of a long reading', async () => {
    const order: string[] = [];
    const onCommand = (one: { netFn: number; cmd: number }) => {
      order.push(isStatus(one) ? 'status' : 'read');
      return wellBehaved(one);
    };
    const lab = fakeLab({ onCommand, wire: () => [10] });
    const { pool, status } = world(lab);
    const reading = pool.use(
      'a',
      lab.target,
      async ({ run }) => {
        for (let i = 0; i < 20; i++) await run(getDeviceId, undefined);
      },
      { priority: 'bulk', exclusive: true },
    );
    const looks = (async () => {
      for (let i = 0; i < 5; i++) await status();
    })();
    await lab.time.settle(Promise.all([reading, looks]));
    expect(order.filter((one) => one === 'read').length).toBe(20);
    expect(order.lastIndexOf('status')).toBeLessThan(12);
    await lab.time.settle(pool.close());
  });

  it('runs exclusive work one after the other', async () => {
    const lab = fakeLab({ onCommand: wellBehaved });
    const { pool } = world(lab);
    const seen: string[] = [];
    const section = (name: string) =>
      pool.use(
        'a',
        lab.target,
        async (session) => {
          seen.push(`${name} begins`);
          await session.chassisStatus();
          await session.deviceId();
          seen.push(`${name} ends`);
        },
        { exclusive: true },
      );
    await lab.time.settle(Promise.all([section('one'), section('two')]));
    expect(seen).toEqual(['one begins', 'one ends', 'two begins', 'two ends']);
    await lab.time.settle(pool.close());
  });

  it('is another one for other credentials, and the old one ends with its users', async () => {
    const lab = fakeLab({ onCommand: wellBehaved });
    const { pool, status, logins } = world(lab);
    await lab.time.settle(status());
    await lab.time.settle(status({ privilege: 'administrator' }));
    await lab.time.pass(2000);
    expect([logins(), lab.bmc.openSessions()]).toEqual([2, 1]);
    pool.forget('a');
    await lab.time.pass(2000);
    expect([lab.bmc.openSessions(), pool.status('a')]).toEqual([0, undefined]);
  });

  it('gives its socket to another BMC when there is no more room', async () => {
    const lab = fakeLab({ onCommand: wellBehaved });
    const { pool } = world(lab, { maxSockets: 2, keepOpen: true });
    const look = (key: string) => pool.use(key, lab.target, (session) => session.chassisStatus());
    for (const key of ['a', 'b', 'c', 'a', 'd']) await lab.time.settle(look(key));
    expect(lab.bmc.openSessions()).toBe(2);
    await lab.time.settle(Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(look)));
    expect(lab.bmc.openSessions()).toBeLessThanOrEqual(2);
    await lab.time.settle(pool.close());
    expect(lab.sockets()).toBe(0);
  });

  it('keeps the gap between commands that a BMC wants', async () => {
    const lab = fakeLab({ onCommand: wellBehaved });
    const { pool } = world(lab);
    const began = lab.deps.clock.now();
    const target = { ...lab.target, tuning: { gapMs: 5000 } };
    await lab.time.settle(
      pool.use('a', target, async (session) => {
        for (let i = 0; i < 3; i++) await session.chassisStatus();
      }),
    );
    expect(lab.deps.clock.now() - began).toBeGreaterThanOrEqual(10_000);
    await lab.time.settle(pool.close());
  });
});

describe('a session that ends under way', () => {
  const rebooting = () => {
    const dead = new Set<number>();
    const known = new Set<number>();
    const lab = fakeLab({
      onCommand: wellBehaved,
      wire(datagram) {
        const session = sessionOf(datagram);
        if (session !== 0) known.add(session);
        return dead.has(session) ? [] : [1];
      },
    });
    const reboot = (): void => {
      for (const session of known) dead.add(session);
    };
    return { lab, reboot };
  };

  it('is opened again, and a command that may be repeated is', async () => {
    const { lab, reboot } = rebooting();
    const { pool, status, logins } = world(lab);
    await lab.time.settle(status());
    reboot();
    expect(await lab.time.settle(status())).toBe(true);
    expect(logins()).toBe(2);
    await lab.time.settle(pool.close());
  });

  it('is found out before a power command is sent into the void', async () => {
    const { lab, reboot } = rebooting();
    const { pool, status, logins } = world(lab);
    await lab.time.settle(status());
    await lab.time.pass(10_000);
    reboot();
    await lab.time.settle(pool.use('a', lab.target, (session) => session.chassisControl('hard-reset')));
    expect(lab.bmc.executed.filter((one) => one.startsWith('0/2'))).toEqual(['0/2 3']);
    expect(logins()).toBe(2);
    await lab.time.settle(pool.close());
  });

  it('does not repeat a reset that may have run', async () => {
    let isMute = false;
    const onCommand = (one: { netFn: number; cmd: number }) =>
      isMute && one.netFn === 0 && one.cmd === 2 ? undefined : wellBehaved(one);
    const lab = fakeLab({ onCommand });
    const { pool, status } = world(lab);
    await lab.time.settle(status());
    isMute = true;
    const reset = pool.use('a', lab.target, (session) => session.chassisControl('hard-reset'));
    const error = await ipmiErrorOf(lab.time.settle(reset));
    expect(error).toMatchObject({ code: 'no-answer', data: { mayHaveRun: true } });
    expect(lab.bmc.executed.filter((one) => one.startsWith('0/2'))).toEqual(['0/2 3']);
    await lab.time.settle(pool.close());
  });
});

describe('work of the caller', () => {
  it('is not repeated when a command of it may have run', async () => {
    let isMute = false;
    const onCommand = (one: { netFn: number; cmd: number }) => (isMute ? undefined : wellBehaved(one));
    const lab = fakeLab({ onCommand });
    const { pool, status, logins } = world(lab);
    await lab.time.settle(status());
    isMute = true;
    const once = pool.use('a', lab.target, ({ run }) => run(chassisControl, 'hard-reset', { once: true }));
    expect((await ipmiErrorOf(lab.time.settle(once))).code).toBe('no-answer');
    expect(lab.bmc.executed.filter((one) => one.startsWith('0/2')).length).toBe(1);

    let began = 0;
    isMute = false;
    await lab.time.settle(status());
    const section = pool.use('a', lab.target, ({ exclusively }) =>
      exclusively(async (execute) => {
        began++;
        await execute(getDeviceId, undefined);
        isMute = true;
        await execute(getDeviceId, undefined);
      }),
    );
    expect((await ipmiErrorOf(lab.time.settle(section))).code).toBe('no-answer');
    expect(began).toBe(1);
    isMute = false;
    expect(await lab.time.settle(status())).toBe(true);
    expect(logins()).toBe(3);
    await lab.time.settle(pool.close());
  });
});

describe('a BMC in trouble', () => {
  it('is asked again while it is busy, and a power command is sent only until it was taken', async () => {
    let busy = 4;
    const onCommand = (one: { netFn: number; cmd: number }) =>
      busy-- > 0 ? { completionCode: 0xc0 } : wellBehaved(one);
    const lab = fakeLab({ onCommand });
    const { pool } = world(lab);
    await lab.time.settle(pool.use('a', lab.target, (session) => session.chassisControl('hard-reset')));
    expect(lab.bmc.executed.filter((one) => one.startsWith('0/2')).length).toBe(5);
    await lab.time.settle(pool.close());
  });

  it('is not sent a power command again that it timed out with', async () => {
    const onCommand = (one: { netFn: number; cmd: number }) =>
      one.cmd === 2 ? { completionCode: 0xc3 } : wellBehaved(one);
    const lab = fakeLab({ onCommand });
    const { pool } = world(lab);
    const reset = pool.use('a', lab.target, (session) => session.chassisControl('hard-reset'));
    expect((await ipmiErrorOf(lab.time.settle(reset))).code).toBe('busy');
    expect(lab.bmc.executed.filter((one) => one.startsWith('0/2')).length).toBe(1);
    await lab.time.settle(pool.close());
  });

  it('has no free session: commands wait with growing pauses, status gives up soon and leaves it alone', async () => {
    const lab = fakeLab({ refuse: { at: 'open', status: 0x01 } });
    const { pool, status, logins } = world(lab);
    expect((await ipmiErrorOf(lab.time.settle(status({}, 'command')))).code).toBe('out-of-sessions');
    const tries = logins();
    expect(tries).toBeGreaterThan(2);
    expect(tries).toBeLessThan(25);
    const error = await ipmiErrorOf(lab.time.settle(status()));
    expect(error).toMatchObject({ code: 'out-of-sessions' });
    expect(logins() - tries).toBeLessThanOrEqual(2);
    await lab.time.settle(pool.close());
    expect([lab.bmc.openSessions(), lab.sockets()]).toEqual([0, 0]);
  });

  it('is dead: status leaves it alone for a while, a command tries at once', async () => {
    const lab = fakeLab({ wire: () => [] });
    const { pool, status, logins } = world(lab);
    expect((await ipmiErrorOf(lab.time.settle(status()))).data['notTried']).toBeUndefined();
    const error = await ipmiErrorOf(lab.time.settle(status()));
    expect(error).toMatchObject({ code: 'unreachable', data: { notTried: true } });
    expect(pool.status('a')?.lastError?.nextTryAt).toBe(error.data['nextTryAt']);
    expect(logins()).toBe(1);
    expect((await ipmiErrorOf(lab.time.settle(status({}, 'command')))).data['notTried']).toBeUndefined();
    expect(logins()).toBe(2);
    expect(lab.sockets()).toBe(0);
  });

  it('has another password: two tries, then none until it is released, and then one user only', async () => {
    const lab = fakeLab({ onCommand: wellBehaved });
    const { pool, status, logins } = world(lab);
    const wrong = () => status({ password: 'not-this-one' }, 'command');
    const codes: string[] = [];
    for (let i = 0; i < 5; i++) codes.push((await ipmiErrorOf(lab.time.settle(wrong()))).code);
    expect(codes).toEqual(['auth-failed', 'auth-failed', 'locked-out', 'locked-out', 'locked-out']);
    expect(logins()).toBe(2);
    expect((await ipmiErrorOf(lab.time.settle(status({}, 'command')))).code).toBe('locked-out');
    await pool.release('a');
    expect(await lab.time.settle(status({}, 'command'))).toBe(true);
    await lab.time.settle(pool.close());
  });

  it('tells work its own errors and goes on', async () => {
    const lab = fakeLab({ onCommand: wellBehaved });
    const { pool, status, logins } = world(lab);
    const failing = pool.use('a', lab.target, async () => {
      throw new IpmiError('bad-reply', 'of the work');
    });
    expect((await ipmiErrorOf(lab.time.settle(failing))).message).toBe('of the work');
    expect(await lab.time.settle(status())).toBe(true);
    expect(logins()).toBe(1);
    await lab.time.settle(pool.close());
  });
});
