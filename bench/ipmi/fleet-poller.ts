import { setTimeout as sleep } from 'node:timers/promises';
import { createPowerPoller } from '../../src/ipmi/index.ts';
import { deps, openPool } from './client-pool.ts';
import type { PollReport } from './orders.ts';
import { fleetOf, targetsOf } from './targets.ts';
import { cpuMs, serveOrders } from './worker-side.ts';

/** Polls the power of a fleet from its start on; argv: first address, number, and `kept` or `new` for the sessions. */
const targets = new Map(targetsOf(fleetOf(process.argv.slice(2))).map((one) => [one.address, one]));
const keepOpen = process.argv[4] === 'kept';
const pool = openPool(keepOpen ? { keepOpen, maxSockets: targets.size } : {});
let [looks, failed, worstLagMs] = [0, 0, 0];

const poller = createPowerPoller(
  {},
  {
    clock: deps.clock,
    async read(key) {
      const target = targets.get(key);
      if (target === undefined) throw new Error('nobody of this fleet');
      looks += 1;
      try {
        const answer = await pool.use(key, target, (bmc) => bmc.chassisStatus(), { priority: 'status' });
        return answer.powerOn;
      } catch (error) {
        failed += 1;
        throw error;
      }
    },
    changed: () => undefined,
  },
);
for (const key of targets.keys()) poller.add(key);

serveOrders(async (): Promise<PollReport> => {
  // What `lag` tells is of the last two minutes at least, and a report is asked for every few seconds.
  worstLagMs = Math.max(worstLagMs, poller.lag().worstMs);
  await sleep(0);
  return { looks, failed, worstLagMs, cpuMs: cpuMs(), rssMiB: process.memoryUsage().rss / 2 ** 20 };
});
