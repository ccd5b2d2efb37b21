import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { createBmcSim } from '../../hardware-lab/bmc-sim/sim.ts';
import { systemClock } from '../../src/base/clock.ts';
import { connectBmc } from '../../src/ipmi/index.ts';
import { createOpenUdp } from '../../src/net/dgram.ts';

const deps = {
  openUdp: createOpenUdp(),
  clock: systemClock,
  random: (n: number) => new Uint8Array(randomBytes(n)),
};

it('a BMC that is busy for a moment is logged in to all the same, and keeps no session afterwards', async () => {
  const sim = await createBmcSim({ bind: { address: '127.0.0.1', port: 0 }, faults: { busy: 2 } });
  const target = { address: '127.0.0.1', port: sim.port, username: 'admin', password: 'test-secret' };
  const session = await connectBmc(target, deps);
  expect((await session.chassisStatus()).powerOn).toBe(false);
  sim.setFaults({ busy: 2 });
  let ends = 0;
  session.onEnd(() => {
    ends += 1;
    void session.close();
  });
  await session.close();
  expect(ends).toBe(1);
  const after = await connectBmc({ ...target, privilege: 'administrator' }, deps);
  expect(after.facts.cipherSuite).toBe(17);
  await after.close();
  const { sessions } = sim.state() as unknown as {
    sessions: ReadonlyMap<number, unknown> | readonly unknown[];
  };
  expect('size' in sessions ? sessions.size : sessions.length).toBe(0);
  await sim.close();
});
