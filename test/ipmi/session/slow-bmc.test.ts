import { randomBytes } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import { type BmcSim, createBmcSim } from '../../../hardware-lab/bmc-sim/sim.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { connectBmc } from '../../../src/ipmi/client.ts';
import { openUdp } from '../../../src/net/dgram.ts';

let sim: BmcSim;
afterEach(() => sim.close());

/** Each answer comes after the second transmission; the simulator drops what it opened for the first Open Session Request. */
it('logs in to a BMC that is slower than the repetitions, and leaves nothing behind', async () => {
  sim = await createBmcSim({ bind: { address: '127.9.7.1', port: 0 }, faults: { delayMs: 150 } });
  const login = { username: 'admin', password: 'test-secret' };
  const deps = { openUdp, clock: systemClock, random: randomBytes };
  const timing = { retryMs: [100, 200, 400], deadlineMs: 8000 };
  const bmc = await connectBmc({ address: sim.address, port: sim.port, ...login }, deps, timing);
  expect(await bmc.chassisStatus()).toMatchObject({ powerOn: false });
  await bmc.close();
  expect(sim.state().sessions).toEqual([]);
  expect(sim.state().logins).toEqual([]);
});
