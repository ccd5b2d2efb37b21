import { describe, expect, it } from 'vitest';
import { watchSessions } from '../../src/api/auth/session-watch.ts';
import type { AccountStore, Session } from '../../src/api/ports.ts';
import { manualClock, settle } from '../console/viewer-world.ts';
import { keepingLog } from '../support/keeping-log.ts';
import { uuid } from '../support/records.ts';

function world() {
  const { clock, pass } = manualClock();
  const alive = new Map<string, Session>();
  const ended: string[] = [];
  let broken = false;
  const store: Partial<AccountStore> = {
    async getSession(name) {
      if (broken) throw new Error('the disk is gone');
      return alive.get(name);
    },
    deleteSession: async (name) => void alive.delete(name),
    deleteAccount: async () => alive.clear(),
  };
  const log = keepingLog();
  const watch = watchSessions({
    // The other methods are not called here.
    accounts: store as AccountStore,
    clock,
    log,
    ended: (name) => void ended.push(name),
  });
  const begin = (lifeMs: number): Session => {
    const own = uuid();
    const now = clock.now();
    const session = {
      uuid: own,
      accountUuid: uuid(),
      userUuid: own,
      createDate: now,
      expiredDate: now + lifeMs,
    };
    alive.set(own, session);
    return session;
  };
  return { watch, begin, ended, pass, log, alive, breakDisk: () => (broken = true) };
}

describe('sessions with something open', () => {
  it('are told once when their time is over, within ten seconds', async () => {
    const { watch, begin, ended, pass } = world();
    const [short, long] = [begin(25_000), begin(3_600_000)];
    await watch.follow(short);
    await watch.follow(short);
    await watch.follow(long);
    pass(20_000);
    await settle();
    expect(ended).toEqual([]);
    pass(10_000);
    await settle();
    pass(10_000);
    await settle();
    expect(ended).toEqual([short.uuid]);
    await watch.accounts.deleteAccount(long.accountUuid);
    expect(ended).toEqual([short.uuid, long.uuid]);
  });

  it('are told before the call that ended them is over', async () => {
    const { watch, begin, ended } = world();
    const [one, other, unwatched] = [begin(60_000), begin(60_000), begin(60_000)];
    await watch.follow(one);
    await watch.follow(other);
    await watch.accounts.deleteSession(unwatched.uuid);
    await watch.accounts.deleteSession(one.uuid);
    expect(ended).toEqual([one.uuid]);
    await watch.accounts.deleteAccount(other.accountUuid);
    expect(ended).toEqual([one.uuid, other.uuid]);
  });

  it('that are over already open nothing', async () => {
    const { watch, begin, ended, alive } = world();
    const session = begin(60_000);
    alive.clear();
    await expect(watch.follow(session)).rejects.toMatchObject({ code: 'session-expired' });
    expect(ended).toEqual([session.uuid]);
  });

  it('live on while the store cannot be asked, which is logged', async () => {
    const { watch, begin, ended, pass, log, breakDisk } = world();
    await watch.follow(begin(60_000));
    breakDisk();
    pass(10_000);
    await settle();
    expect(ended).toEqual([]);
    expect(log.lines.join()).toContain('the disk is gone');
    watch.close();
  });
});
