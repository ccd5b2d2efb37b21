import { afterEach, beforeEach, expect, it } from 'vitest';
import { createHarness, type Harness } from '../support/provision-harness.ts';

let rig: Harness;
beforeEach(async () => {
  rig = await createHarness();
});
afterEach(async () => {
  await rig.close();
});

/** Begins a run and cancels it; answers the virtual milliseconds that it took to begin. */
async function oneRun(): Promise<number> {
  const before = rig.clock.now();
  const state = { ended: false };
  const call = rig.provision.service.provision(rig.chassisUuid).finally(() => {
    state.ended = true;
  });
  while (!state.ended) {
    await rig.clock.advance(500);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await call;
  const took = rig.clock.now() - before;
  await rig.provision.service.updateChassis(rig.chassisUuid, { status: 'Unprovisioned' });
  return took;
}

it('heeds a limit of runs in a minute that is changed while it works', async () => {
  rig.limits.maxRunsPerMinute = 2;
  expect(await oneRun()).toBeLessThan(20_000);
  expect(await oneRun()).toBeLessThan(20_000);
  rig.limits.maxRunsPerMinute = 3;
  expect(await oneRun()).toBeLessThan(20_000);
  rig.limits.maxRunsPerMinute = 1;
  expect(await oneRun()).toBeGreaterThan(20_000);
});
