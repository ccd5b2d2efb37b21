import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  createLockoutGuard,
  type GuardEntry,
  type GuardStore,
  IpmiError,
  type LockoutFacts,
} from '../../../src/ipmi/index.ts';
import { ipmiErrorOf } from '../../support/ipmi-deps.ts';
import { virtualTime } from '../../support/virtual-net.ts';

const target = { address: '192.0.2.7', port: 623, username: 'admin' };
const fails = (code: 'auth-failed' | 'unreachable') => () => Promise.reject(new IpmiError(code, 'refused'));
const works = () => Promise.resolve('session');

function store(): GuardStore & { readonly kept: Map<string, GuardEntry> } {
  const kept = new Map<string, GuardEntry>();
  return {
    kept,
    load: () => [...kept.values()],
    save: (entry) => void (entry.failures > 0 ? kept.set(entry.account, entry) : kept.delete(entry.account)),
  };
}

function world(disk: GuardStore = store()) {
  const told: Array<[string, LockoutFacts]> = [];
  const { clock } = virtualTime();
  const lockedOut = (key: string, facts: LockoutFacts) => void told.push([key, facts]);
  return { told, guard: createLockoutGuard(disk, clock, { lockedOut }) };
}

it('stops after two failures, tells it once, and tries again after a release', async () => {
  const { guard, told } = world();
  for (const code of ['auth-failed', 'auth-failed', 'locked-out', 'locked-out'])
    expect((await ipmiErrorOf(guard.attempt('a', target, fails('auth-failed')))).code).toBe(code);
  expect(told).toEqual([['a', expect.objectContaining({ username: 'admin', failures: 2 })]]);
  const error = await ipmiErrorOf(guard.attempt('a', target, works));
  expect(error.message).toMatch(/release the BMC/);
  await guard.release('a');
  expect(await guard.attempt('a', target, works)).toBe('session');
});

it('remembers across a restart, and counts failures of different runs together', async () => {
  const disk = store();
  await ipmiErrorOf(world(disk).guard.attempt('a', target, fails('auth-failed')));
  const second = world(disk);
  await ipmiErrorOf(second.guard.attempt('a', target, fails('auth-failed')));
  expect(second.told.length).toBe(1);
  const third = world(disk);
  expect((await ipmiErrorOf(third.guard.attempt('other name', target, works))).code).toBe('locked-out');
  expect(third.told).toEqual([]);
  await third.guard.release('a');
  expect([disk.kept.size, await third.guard.failures(target)]).toEqual([0, 0]);
});

it('forgets failures with a good login, and counts users apart', async () => {
  const { guard } = world();
  await ipmiErrorOf(guard.attempt('a', target, fails('auth-failed')));
  await guard.attempt('a', target, works);
  await ipmiErrorOf(guard.attempt('a', target, fails('auth-failed')));
  expect(await guard.failures(target)).toBe(1);
  expect(await guard.failures({ ...target, username: 'other' })).toBe(0);
  await ipmiErrorOf(guard.attempt('a', target, fails('unreachable')));
  expect(await guard.failures(target)).toBe(1);
});

it('never lets a third wrong password through, however the tries fall together', async () => {
  const one = fc.record({ restart: fc.boolean(), together: fc.integer({ min: 1, max: 4 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(one, { maxLength: 8 }), async (rounds) => {
      const disk = store();
      let { guard } = world(disk);
      let sent = 0;
      const login = async (): Promise<never> => {
        sent++;
        await Promise.resolve();
        throw new IpmiError('auth-failed', 'refused');
      };
      for (const { restart, together } of rounds) {
        if (restart) ({ guard } = world(disk));
        await Promise.allSettled(
          Array.from({ length: together }, (_, i) => guard.attempt(`key ${i}`, target, login)),
        );
      }
      expect(sent).toBeLessThanOrEqual(2);
    }),
    { numRuns: 200 },
  );
});

it('tries nothing while its store cannot be read, and tells the outcome of a login when it cannot be written', async () => {
  let isBroken = true;
  const disk = store();
  const load = () => {
    if (isBroken) throw new Error('disk');
    return disk.load();
  };
  const save = () => Promise.reject(new Error('full'));
  const { guard } = world({ load, save });
  let sent = 0;
  const login = () => {
    sent++;
    return fails('auth-failed')();
  };
  await expect(guard.attempt('a', target, login)).rejects.toThrow('disk');
  expect(sent).toBe(0);
  isBroken = false;
  for (const code of ['auth-failed', 'auth-failed', 'locked-out'])
    expect((await ipmiErrorOf(guard.attempt('a', target, login))).code).toBe(code);
});
