import { describe, expect, it, onTestFinished } from 'vitest';
import { connectBmc, type IpmiError, type UseOptions } from '../../../src/ipmi/index.ts';
import { createLockoutGuard, memoryGuardStore } from '../../../src/ipmi/pool/lockout-guard.ts';
import { createBmcPool } from '../../../src/ipmi/pool/pool.ts';
import { fakeLab } from '../../support/fake-lab.ts';
import { ipmiErrorOf } from '../../support/ipmi-deps.ts';

const deviceId = Uint8Array.of(0x20, 0x81, 0x07, 0x45, 0x02, 0xbf, 0x57, 0x01, 0x00, 0x34, 0x12);
const answer = ({ netFn, cmd }: { netFn: number; cmd: number }) =>
  netFn === 0
    ? { completionCode: 0, data: Uint8Array.of(1, 0, 0, 0) }
    : cmd === 1
      ? { completionCode: 0, data: deviceId }
      : { completionCode: 0 };

/** A pool with few sockets, and BMCs that are named as you like. */
function world(maxSockets: number) {
  const lab = fakeLab({ onCommand: answer });
  const { clock, random } = lab.deps;
  const guard = createLockoutGuard(memoryGuardStore(), clock);
  const connect: Parameters<typeof createBmcPool>[1]['connect'] = (target, timing) =>
    connectBmc(target, lab.deps, timing);
  const pool = createBmcPool({ maxSockets }, { connect, clock, random, guard });
  onTestFinished(() => lab.time.settle(pool.close()));
  const { time } = lab;
  return {
    pool,
    time,
    lab,
    look: (key: string, options: UseOptions = {}) =>
      time.settle(
        pool.use(key, lab.target, async (session) => (await session.chassisStatus()).powerOn, options),
      ),
    /** Uses a session until `end`; one that is pinned ends with it. */
    hold: async (key: string, options: UseOptions) => {
      const ends: IpmiError[] = [];
      let end = (): void => {};
      const held = new Promise<void>((resolve, reject) => {
        pool
          .use(
            key,
            lab.target,
            (session) =>
              new Promise<void>((done) => {
                end = done;
                if (options.pinned === true)
                  session.onEnd((error) => {
                    ends.push(error);
                    done();
                  });
                resolve();
              }),
            options,
          )
          .catch(reject);
      });
      await time.settle(held);
      return { ends, end: () => end() };
    },
  };
}

describe('sockets that consoles hold', () => {
  it('are three quarters of all: another console is refused, commands are not', async () => {
    const { hold, look, pool, time } = world(4);
    const pins = [await hold('a', { pinned: true }), await hold('b', { pinned: true })];
    pins.push(await hold('c', { pinned: true }));
    const refusal = await ipmiErrorOf(hold('d', { pinned: true }));
    expect(refusal).toMatchObject({
      code: 'busy',
      data: { notTried: true },
      message: expect.stringMatching(/3 BMC sessions are held.*close a console/),
    });
    expect(refusal.data['consoleInUse']).toBeUndefined();
    // One that has a console takes no further socket for a second one.
    const second = await hold('a', { pinned: true });
    for (const key of ['d', 'e', 'f']) expect(await look(key)).toBe(true);
    expect(pins.map(({ ends }) => ends.length)).toEqual([0, 0, 0]);
    second.end();
    pins[1]?.end();
    await time.pass(1);
    await hold('d', { pinned: true });
    expect(pool.status('d')?.users).toBe(1);
  });

  it('are given up for a command that finds no other, the oldest first, and for no look', async () => {
    const { hold, look, lab } = world(4);
    const pins = [await hold('a', { pinned: true }), await hold('b', { pinned: true })];
    pins.push(await hold('c', { pinned: true }));
    await hold('d', {});
    const looked = await ipmiErrorOf(look('e', { priority: 'status' }));
    expect(looked).toMatchObject({ code: 'busy', data: { notTried: true } });
    expect(pins.map(({ ends }) => ends.length)).toEqual([0, 0, 0]);
    expect(await look('e')).toBe(true);
    expect(pins.map(({ ends }) => ends.map(({ code }) => code))).toEqual([['closed'], [], []]);
    expect(lab.bmc.openSessions()).toBeLessThanOrEqual(4);
    // It may come again once there is room, which it makes of nobody else's.
    await hold('a', { pinned: true });
    await hold('f', {});
    expect(pins.map(({ ends }) => ends.length)).toEqual([1, 1, 0]);
    expect((await ipmiErrorOf(hold('b', { pinned: true }))).code).toBe('busy');
    expect(pins[2]?.ends.length).toBe(0);
  });

  it('are not taken while somebody else uses the session, and are as soon as that is over', async () => {
    const { hold, pool, lab, time } = world(2);
    const pin = await hold('a', { pinned: true });
    const [beside, other] = [await hold('a', {}), await hold('b', {})];
    const power = pool.use('c', lab.target, (session) => session.chassisControl('power-up'));
    await time.pass(5000);
    expect([pin.ends.length, lab.bmc.executed.includes('0/2 1')]).toEqual([0, false]);
    beside.end();
    await time.settle(power);
    expect([pin.ends.length, lab.bmc.executed.includes('0/2 1')]).toEqual([1, true]);
    other.end();
  });

  it('are taken from a console that was only being opened when the command came', async () => {
    const { hold, look, time } = world(1);
    const opening = hold('a', { pinned: true });
    const looking = look('b');
    const pin = await opening;
    expect(await time.settle(looking)).toBe(true);
    expect(pin.ends.length).toBe(1);
  });
});

it('a command waits for a socket no longer than for a BMC, which is not blamed', async () => {
  const { hold, look, pool } = world(1);
  const held = await hold('a', {});
  expect(await ipmiErrorOf(look('b'))).toMatchObject({
    code: 'busy',
    message: expect.stringContaining('all 1 sockets'),
  });
  expect(pool.status('b')).toMatchObject({ open: false, lastError: undefined });
  held.end();
  expect(await look('b')).toBe(true);
});
