import type { BmcPool } from '../../src/ipmi/index.ts';
import { openPool } from './client-pool.ts';
import type { LookAnswer, LookOrder } from './orders.ts';
import { fleetOf, targetsOf } from './targets.ts';
import { serveOrders } from './worker-side.ts';

/** Looks at the power of many BMCs when its parent says so: argv is the first address and their number. */
const targets = targetsOf(fleetOf(process.argv.slice(2)));
const open = (): BmcPool => openPool({ keepOpen: true, maxSockets: targets.length });
let kept: BmcPool | undefined;

async function lookAtAll(pool: BmcPool): Promise<number> {
  const looks = targets.map((target) =>
    pool.use(target.address, target, (bmc) => bmc.chassisStatus(), { priority: 'status' }),
  );
  return (await Promise.allSettled(looks)).filter(({ status }) => status === 'fulfilled').length;
}

async function obey({ kind }: LookOrder): Promise<number> {
  if (kind === 'warm') return lookAtAll((kept ??= open()));
  if (kind === 'close') {
    await kept?.close();
    kept = undefined;
    return targets.length;
  }
  const pool = open();
  const answered = await lookAtAll(pool);
  await pool.close();
  return answered;
}

serveOrders(async (order: LookOrder): Promise<LookAnswer> => {
  const begun = performance.now();
  const answered = await obey(order);
  return { answered, ms: performance.now() - begun };
});
