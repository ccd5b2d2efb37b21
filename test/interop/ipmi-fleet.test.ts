import { afterEach, describe, expect, it } from 'vitest';
import { type BmcFleet, createBmcFleet } from '../../hardware-lab/bmc-sim/fleet.ts';
import {
  type BmcPoolDeps,
  connectBmc,
  createBmcPool,
  createLockoutGuard,
  createPowerPoller,
  type GuardEntry,
  type GuardStore,
  memoryGuardStore,
  type PoolTarget,
  type PowerView,
  sweepBmcs,
  type SweepOptions,
  type SweepProgress,
  toCsv,
} from '../../src/ipmi/index.ts';
import { ipmiErrorOf, realDeps } from '../support/ipmi-deps.ts';

const timing = { retryMs: [100, 200], deadlineMs: 1000, powerTryMs: 400, closeMs: 100 };
const short = { baseMs: 50, capMs: 500 };
const backOff = { command: short, crowded: short, silent: short, refused: short };
const port = 6231;
const who = { username: 'admin', password: 'test-secret' };
const { clock, random } = realDeps;

let fleet: BmcFleet;
afterEach(() => fleet.close());

/** Connects, and counts the logins at each address. */
function counting() {
  const logins = new Map<string, number>();
  const connect: BmcPoolDeps['connect'] = (target, given) => {
    logins.set(target.address, (logins.get(target.address) ?? 0) + 1);
    return connectBmc(target, realDeps, { ...timing, ...given });
  };
  return { logins, connect };
}

/** The condition's time is bounded by the test's own limit. */
async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('200 BMCs of which some are in trouble', () => {
  const kinds = ['hang', 'slow', 'full', 'lossy'] as const;
  /** Ten of each kind, all others well. */
  const kindOf = (i: number) => (i % 20 < kinds.length ? kinds[i % 20] : undefined);
  const faults = {
    hang: { hang: true },
    slow: { delayMs: 60 },
    full: { sessionsExhausted: true },
    lossy: { loss: 0.1 },
  } as const;
  const healed = { hang: false, delayMs: 0, sessionsExhausted: false, loss: 0 };

  it('are polled over one session each, and trouble is told with its reason until it passes', async () => {
    fleet = await createBmcFleet({ count: 200, firstAddress: '127.12.0.1', port, powerOn: true });
    for (const [i, sim] of fleet.sims.entries()) {
      const kind = kindOf(i);
      if (kind) sim.setFaults(faults[kind]);
    }
    const { connect } = counting();
    const guard = createLockoutGuard(memoryGuardStore(), clock);
    const pool = createBmcPool({ keepOpen: true, backOff }, { connect, clock, random, guard });
    const keys = fleet.sims.map(({ address }) => address);
    const targetOf = (address: string): PoolTarget => ({ address, port, ...who });
    const told: string[] = [];
    const poller = createPowerPoller(
      { intervalMs: 500 },
      {
        clock,
        read: (key) =>
          pool.use(key, targetOf(key), async (session) => (await session.chassisStatus()).powerOn, {
            priority: 'status',
          }),
        changed: (key, next) => void told.push(`${key} ${next.kind === 'known' ? next.on : next.reason}`),
      },
    );
    // Where the last packet of a login got lost, the BMC has a session that nobody knows of until its time is over.
    const sound = () => fleet.sims.filter((_, i) => kindOf(i) !== 'lossy');
    const viewOf = (i: number): PowerView | undefined => poller.view(keys[i] ?? '');
    const isAs = (i: number, wished: boolean | string): boolean => {
      const view = viewOf(i);
      return view?.kind === 'known' ? view.on === wished : view?.reason === wished;
    };
    const all = (wish: (i: number) => boolean | string) => () => keys.every((_, i) => isAs(i, wish(i)));
    for (const key of keys) poller.add(key);
    try {
      // Those that never answered stay "not asked" until a third failure.
      await until(
        all((i) => ({ hang: 'unreachable', full: 'out-of-sessions' })[kindOf(i) as string] ?? true),
      );
      expect(Math.max(...sound().map((sim) => sim.state().sessions.length))).toBe(1);
      fleet.setFaults(healed);
      for (const sim of fleet.sims.slice(9, 20)) sim.setFaults({ busy: 3 });
      fleet.sims[7]?.pressPowerButton();
      fleet.sims[8]?.restartBmc();
      await until(all((i) => i !== 7));
      expect(told.filter((one) => one.startsWith(`${keys[0]} `))).toEqual([
        `${keys[0]} unreachable`,
        `${keys[0]} true`,
      ]);
      // A machine that is well is told once, however often it is looked at.
      expect(told.filter((one) => one.startsWith(`${keys[9]} `))).toEqual([`${keys[9]} true`]);
    } finally {
      poller.close();
      await pool.close();
    }
    expect(sound().filter((sim) => sim.state().sessions.length > 0).length).toBe(0);
  }, 60_000);

  it('get a wrong password no third time, also when the program starts anew each time', async () => {
    fleet = await createBmcFleet({ count: 20, firstAddress: '127.12.1.1', port });
    const kept = new Map<string, GuardEntry>();
    const store: GuardStore = {
      load: () => [...kept.values()],
      save: (entry) => void kept.set(entry.account, entry),
    };
    const { connect, logins } = counting();
    const lockedOut: string[] = [];
    const codes = new Map<string, string[]>();
    for (let start = 0; start < 4; start++) {
      const guard = createLockoutGuard(store, clock, { lockedOut: (key) => void lockedOut.push(key) });
      const pool = createBmcPool({ backOff }, { connect, clock, random, guard });
      await Promise.all(
        fleet.sims.map(async ({ address }) => {
          const target = { address, port, username: 'admin', password: 'not-this-one' };
          const error = await ipmiErrorOf(pool.use(address, target, (session) => session.chassisStatus()));
          codes.set(address, [...(codes.get(address) ?? []), error.code]);
        }),
      );
      await pool.close();
    }
    const expected = ['auth-failed', 'auth-failed', 'locked-out', 'locked-out'];
    expect([...codes.values()]).toEqual(fleet.sims.map(() => expected));
    expect([...logins.values()]).toEqual(fleet.sims.map(() => 2));
    expect(lockedOut.toSorted()).toEqual(fleet.sims.map(({ address }) => address).toSorted());
  }, 30_000);
});

describe('a sweep', () => {
  const credentials = [
    { username: 'root', password: 'not-this-one' },
    who,
    { username: 'oper', password: 'x' },
  ];

  function sweep(options: Partial<SweepOptions>, signal?: AbortSignal) {
    const { connect, logins } = counting();
    const guard = createLockoutGuard(memoryGuardStore(), clock);
    const all = { ranges: ['127.13.0.0/24'], port, packetsPerSecond: 5000, timing, ...options };
    return { logins, done: sweepBmcs(all, { ...realDeps, connect, guard, ...(signal && { signal }) }) };
  }

  it('finds the BMCs of a /24, logs in with what fits, and never more than twice in vain', async () => {
    fleet = await createBmcFleet({ count: 12, firstAddress: '127.13.0.100', port, powerOn: true });
    fleet.sims[0]?.setFaults({ wrongRakp2: true });
    fleet.sims[1]?.setFaults({ sessionsExhausted: true });
    const progress: SweepProgress[] = [];
    const { done, logins } = sweep({ credentials, progress: (one) => void progress.push(one) });
    const { rows, complete, total } = await done;
    expect([rows.length, complete, total]).toEqual([12, true, 254]);
    expect(rows.map(({ address }) => address)).toEqual(fleet.sims.map(({ address }) => address));
    expect(rows[0]).toMatchObject({ reachable: true, credential: undefined, cipherSuites: [3, 17] });
    expect(logins.get('127.13.0.100')).toBe(2);
    expect(rows[1]?.problem).toMatch(/no free session/);
    expect(logins.get('127.13.0.101')).toBe(1);
    for (const [i, row] of rows.entries()) {
      if (i < 2) continue;
      expect(row).toMatchObject({ credential: 1, username: 'admin', firmware: '1.05', ipmi: ['2.0'] });
      expect(row.systemGuid).toBe(Buffer.from(fleet.sims[i]?.state().guid ?? []).toString('hex'));
      expect(logins.get(row.address)).toBe(2);
    }
    expect(progress.at(-1)).toEqual({ done: 254, total: 254, found: 12 });
    expect(JSON.stringify(rows)).not.toContain(who.password);
    expect(toCsv(rows)).not.toContain(who.password);
    expect(toCsv(rows, { withPasswords: credentials }).split(who.password).length - 1).toBe(10);
    expect(fleet.sims.filter((sim) => sim.state().sessions.length > 0).length).toBe(0);
  }, 30_000);

  it('ends early when it is cancelled', async () => {
    fleet = await createBmcFleet({ count: 3, firstAddress: '127.13.0.100', port });
    const cancel = new AbortController();
    const { done, logins } = sweep(
      { credentials, parallel: 1, progress: () => cancel.abort() },
      cancel.signal,
    );
    const { complete, rows } = await done;
    expect([complete, rows.length < 3, [...logins.values()].length < 3]).toEqual([false, true, true]);
  }, 30_000);
});
