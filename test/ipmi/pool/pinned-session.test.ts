import { describe, expect, it, onTestFinished } from 'vitest';
import { type BmcSession, connectBmc, type IpmiError } from '../../../src/ipmi/index.ts';
import { createLockoutGuard, memoryGuardStore } from '../../../src/ipmi/pool/lockout-guard.ts';
import { createBmcPool } from '../../../src/ipmi/pool/pool.ts';
import { getPayloadActivationStatus } from '../../../src/ipmi/commands/app/get-payload-activation-status.ts';
import { getDeviceId } from '../../../src/ipmi/commands/app/get-device-id.ts';
import type { FakeHandler } from '../../support/fake-bmc-options.ts';
import { fakeLab } from '../../support/fake-lab.ts';
import { ipmiErrorOf } from '../../support/ipmi-deps.ts';

const deviceId = Uint8Array.of(0x20, 0x81, 0x07, 0x45, 0x02, 0xbf, 0x57, 0x01, 0x00, 0x34, 0x12);
const answer = ({ netFn, cmd }: { netFn: number; cmd: number }) =>
  netFn === 0
    ? { completionCode: 0, data: Uint8Array.of(1, 0, 0, 0) }
    : cmd === 1
      ? { completionCode: 0, data: deviceId }
      : { completionCode: 0 };

/** Numbers of the sessions that datagrams of sessions name. IPMI 2.0 §13.6 */
const sessionOf = (datagram: Uint8Array): number =>
  datagram[4] === 6 ? new DataView(datagram.buffer, datagram.byteOffset).getUint32(6, true) : 0;

/** A BMC that can forget all its sessions, and a pool. */
function world(onCommand: FakeHandler = answer) {
  const known = new Set<number>();
  const dead = new Set<number>();
  let wireMs = 1;
  const lab = fakeLab({
    onCommand,
    wire(datagram) {
      const session = sessionOf(datagram);
      if (session !== 0) known.add(session);
      return dead.has(session) ? [] : [wireMs];
    },
  });
  const { clock, random } = lab.deps;
  let logins = 0;
  const guard = createLockoutGuard(memoryGuardStore(), clock);
  const connect: Parameters<typeof createBmcPool>[1]['connect'] = (target, timing) => {
    logins++;
    return connectBmc(target, lab.deps, timing);
  };
  const pool = createBmcPool({}, { connect, clock, random, guard });
  onTestFinished(() => lab.time.settle(pool.close()));
  const { time } = lab;
  return {
    pool,
    time,
    lab,
    logins: () => logins,
    slow: (ms: number) => void (wireMs = ms),
    forget: () => {
      for (const one of known) dead.add(one);
    },
    isOn: (over = {}) =>
      time.settle(
        pool.use('a', { ...lab.target, ...over }, async (one) => (await one.chassisStatus()).powerOn),
      ),
    /** Holds a session until `end`. */
    hold: async () => {
      const ends: IpmiError[] = [];
      let end = (): void => {};
      let hasEnded = false;
      const held = new Promise<BmcSession>((resolve, reject) => {
        pool
          .use(
            'a',
            lab.target,
            (session) =>
              new Promise<void>((done) => {
                end = done;
                session.onEnd((error) => void ends.push(error));
                resolve(session);
              }),
            { pinned: true },
          )
          .then(() => void (hasEnded = true), reject);
      });
      const session = await time.settle(held);
      return { session, ends, end: () => end(), hasEnded: () => hasEnded };
    },
  };
}

describe('a session that one user holds for hours', () => {
  it('is the one that commands, looks and exclusive work use meanwhile, and stays open', async () => {
    const { pool, time, lab, logins, isOn, hold } = world();
    const { ends, end } = await hold();
    for (let hour = 0; hour < 3; hour++) {
      await time.pass(3_600_000);
      expect(await isOn()).toBe(true);
      const alone = pool.use('a', lab.target, (one) => one.deviceId(), { exclusive: true });
      expect((await time.settle(alone)).deviceId).toBe(0x20);
    }
    expect([logins(), lab.bmc.openSessions(), pool.status('a')?.users, ends.length]).toEqual([1, 1, 1, 0]);
    end();
    await time.pass(31_000);
    expect([lab.bmc.openSessions(), lab.sockets(), ends.length]).toEqual([0, 0, 0]);
  });

  it('tells its loss to who holds it, whose commands then never go through another session', async () => {
    const { time, lab, logins, isOn, hold, forget } = world();
    const { session, ends, end } = await hold();
    forget();
    // Somebody else's command finds out, and is answered through a new session.
    expect(await isOn()).toBe(true);
    expect([logins(), ends.length]).toEqual([2, 1]);
    const asked = lab.bmc.executed.length;
    expect((await ipmiErrorOf(time.settle(session.run(getDeviceId, undefined)))).code).toBe('closed');
    expect((await ipmiErrorOf(time.settle(session.chassisControl('hard-reset')))).code).toBe('closed');
    expect(() => session.solPort()).toThrow(expect.objectContaining({ code: 'closed' }));
    expect(lab.bmc.executed.length).toBe(asked);
    end();
  });

  it('is found to be lost by a command of its own', async () => {
    const { time, logins, hold, forget } = world();
    const { session, ends, end } = await hold();
    forget();
    await ipmiErrorOf(time.settle(session.run(getDeviceId, undefined)));
    await time.pass(1);
    expect([ends.length, logins()]).toEqual([1, 1]);
    // Who asks late is told too.
    let isTold = false;
    session.onEnd(() => void (isTold = true));
    await time.pass(1);
    expect(isTold).toBe(true);
    end();
  });

  it('is not one that died unnoticed before', async () => {
    const { logins, isOn, hold, forget, time } = world();
    expect(await isOn()).toBe(true);
    await time.pass(10_000);
    forget();
    const { ends, end } = await hold();
    expect([logins(), ends.length]).toEqual([2, 0]);
    end();
  });

  it('is given up at once when the BMC gets another target, and when it is forgotten', async () => {
    const { pool, lab, isOn, hold, time } = world();
    const first = await hold();
    expect(await isOn({ privilege: 'administrator' })).toBe(true);
    expect(first.ends.map(({ code }) => code)).toEqual(['closed']);
    first.end();
    await time.pass(2000);
    expect([first.hasEnded(), lab.bmc.openSessions()]).toEqual([true, 1]);
    const second = await hold();
    pool.forget('a');
    expect(second.ends.length).toBe(1);
    second.end();
    await time.pass(2000);
    expect([lab.bmc.openSessions(), pool.status('a')]).toEqual([0, undefined]);
  });

  it('can be given up by who holds it, and others get a new one', async () => {
    const { hold, time, isOn, logins, lab } = world();
    const { session, ends, end } = await hold();
    await time.settle(session.close());
    expect(ends.length).toBe(1);
    end();
    expect(await isOn()).toBe(true);
    await time.pass(2000);
    expect([logins(), lab.bmc.openSessions()]).toEqual([2, 1]);
  });

  it('is given up between commands: one that is under way is not lost, nor one that waits', async () => {
    const { hold, time, lab, pool, slow, logins } = world();
    const { session, ends, end } = await hold();
    await time.pass(1000);
    slow(400);
    const power = () => pool.use('a', lab.target, (one) => one.chassisControl('power-up'));
    const first = power();
    await time.pass(500);
    const giving = session.close().finally(end);
    const second = power();
    await time.settle(Promise.all([first, giving, second]));
    expect(lab.bmc.executed.filter((one) => one.startsWith('0/2'))).toEqual(['0/2 1', '0/2 1']);
    expect([ends.length, logins()]).toEqual([1, 1]);
    slow(1);
    await time.settle(power());
    expect(logins()).toBe(2);
  });

  it('may end with what was in it: the next power command is not sent into the void', async () => {
    const { hold, time, lab, pool, isOn, forget, logins } = world();
    const { end } = await hold();
    await time.pass(10_000);
    expect(await isOn()).toBe(true);
    forget();
    end();
    await time.pass(1);
    await time.settle(pool.use('a', lab.target, (one) => one.chassisControl('hard-reset')));
    expect(lab.bmc.executed.filter((one) => one.startsWith('0/2'))).toEqual(['0/2 3']);
    expect(logins()).toBe(2);
  });

  it('keeps no command of others waiting: they go first, also while a BMC is busy with it', async () => {
    let order: string[] = [];
    let isBusy = false;
    const { hold, time, lab, pool } = world((one) => {
      order.push(`${one.netFn}/${one.cmd}`);
      return isBusy && one.cmd === 0x4a ? { completionCode: 0xc0 } : answer(one);
    });
    const { session, end } = await hold();
    const power = () => pool.use('a', lab.target, (one) => one.chassisControl('power-up'));
    order = [];
    const looks = Promise.all([1, 2, 3].map(() => session.run(getDeviceId, undefined)));
    await time.settle(Promise.all([looks, power()]));
    expect(order).toEqual(['6/1', '0/2', '6/1', '6/1']);
    isBusy = true;
    const status = ipmiErrorOf(session.run(getPayloadActivationStatus, 1));
    let isPowered = false;
    const powering = power().then(() => void (isPowered = true));
    await time.pass(5000);
    expect([isPowered, (await time.settle(status)).code]).toEqual([true, 'busy']);
    await powering;
    end();
  });

  it('ends with the pool', async () => {
    const { pool, hold, time, lab } = world();
    const { ends, end } = await hold();
    await time.settle(pool.close());
    expect([ends.map(({ code }) => code), lab.sockets()]).toEqual([['closed'], 0]);
    end();
  });
});
