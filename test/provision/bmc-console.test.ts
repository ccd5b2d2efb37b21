import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Uuid } from '../../src/base/uuid.ts';
import { type BmcSession, IpmiError } from '../../src/ipmi/index.ts';
import { createBmcConsole } from '../../src/provision/bmc-console.ts';
import type { BmcSessions } from '../../src/provision/bmc-sessions.ts';
import { createHarness, type Harness } from '../support/provision-harness.ts';

let rig: Harness;
beforeEach(async () => {
  rig = await createHarness();
});
afterEach(() => rig.close());

const tick = () => new Promise((resolve) => setImmediate(resolve));

/** The console of one chassis over sessions that take their time to begin and to end. */
async function world() {
  const chassis = await rig.store.provision.getChassis(rig.chassisUuid);
  if (chassis === undefined) throw new Error('no chassis');
  const ends = new Set<() => void>();
  let giveUp = (): Promise<void> => Promise.resolve();
  let inUse = 0;
  let mostInUse = 0;
  const session = {
    onEnd(handler: (error: IpmiError) => void) {
      const end = () => handler(new IpmiError('closed', 'lost in a test'));
      ends.add(end);
      return () => void ends.delete(end);
    },
    close: () => giveUp(),
  } as unknown as BmcSession;
  const use: BmcSessions['use'] = async (_chassis, work) => {
    mostInUse = Math.max(mostInUse, ++inUse);
    try {
      await tick();
      return await work(session);
    } finally {
      for (let i = 0; i < 5; i++) await tick();
      inUse--;
    }
  };
  const console = createBmcConsole({
    fleet: { get: (uuid) => (uuid === chassis.uuid ? chassis : undefined) },
    access: { lockOut: async () => ({ failures: 0, lockedOut: false }) },
    sessions: { use },
    profiles: { of: () => undefined },
  });
  const open = (uuid: Uuid = chassis.uuid) => console.connectSol(uuid);
  return {
    open,
    lose: () => ends.forEach((end) => end()),
    onGiveUp: (act: () => Promise<void>) => void (giveUp = act),
    inUse: () => inUse,
    mostInUse: () => mostInUse,
  };
}

it('is there again as soon as closing it is done', async () => {
  const { open, inUse, mostInUse } = await world();
  for (const leave of ['close', 'giveUp', 'close'] as const) {
    const link = await open();
    await expect(open()).rejects.toMatchObject({ code: 'busy', data: { consoleInUse: true } });
    await link[leave]?.();
    expect(inUse()).toBe(0);
  }
  await open();
  expect(mostInUse()).toBe(1);
});

it('waits for the one that is being closed, given up or was lost, and is then held by one again', async () => {
  const { open, lose, onGiveUp, mostInUse } = await world();
  const first = await open();
  void first.close();
  const second = await open();
  lose();
  const third = await open();
  expect(third).not.toBe(second);
  let isGivenUp = false;
  onGiveUp(async () => {
    for (let i = 0; i < 20; i++) await tick();
    isGivenUp = true;
  });
  void third.giveUp?.();
  const [one, two] = await Promise.allSettled([open(), open()]);
  expect([one.status, two.status, isGivenUp, mostInUse()]).toEqual(['fulfilled', 'rejected', true, 1]);
});

it('is free again when giving it up failed', async () => {
  const { open, onGiveUp } = await world();
  const link = await open();
  onGiveUp(() => Promise.reject(new Error('no answer')));
  await link.giveUp?.();
  expect(await open()).toBeDefined();
});
