import { setTimeout as sleep } from 'node:timers/promises';
import { printRow, say } from '../support/report.ts';
import type { PollReport } from './orders.ts';
import { startSimulators, startWorker } from './programs.ts';
import { addressesOf, type Fleet } from './targets.ts';

const fleet: Fleet = { first: '127.41.0.1', count: 5000 };
/** One BMC of so many is dead, and another one is slow. */
const oneOf = 100;
const slowMs = 1000;
/** When the memory is looked at first: each BMC was polled then. */
const settledMinutes = 2;
const reportMs = 5000;

/**
 * 5,000 BMCs polled every 60 s: processor time, lateness and memory of the poller. `kept`: sessions stay open. `new`: with the product's
 * limit of sockets, so that most looks log in. No peer does this; `theirs` is the limit.
 */
export async function benchFleet(sessions: 'kept' | 'new', minutes: number): Promise<void> {
  const work = `${fleet.count} BMCs polled every 60 s, 1% dead, 1% slow, sessions ${sessions}`;
  say(`${work}: ${minutes} minutes`);
  const simulators = await startSimulators(fleet);
  try {
    for (const [at, bmc] of addressesOf(fleet).entries()) {
      if (at % oneOf === 0) await simulators.setFaults(bmc, { hang: true });
      if (at % oneOf === oneOf / 2) await simulators.setFaults(bmc, { delayMs: slowMs });
    }
    const args = [fleet.first, String(fleet.count), sessions];
    const poller = startWorker<object, PollReport>('fleet-poller', args, 'measured');
    try {
      const begun = performance.now();
      let settled: PollReport | undefined;
      for (;;) {
        await sleep(reportMs);
        const spentMs = performance.now() - begun;
        const report = await poller.ask({});
        if (spentMs >= settledMinutes * 60_000) settled ??= report;
        if (spentMs < minutes * 60_000) continue;
        const perLook = `${report.looks} looks, ${report.failed} failed`;
        printFleet(`${work}, ${minutes} min (${perLook})`, spentMs, report, settled ?? report);
        return;
      }
    } finally {
      await poller.stop();
    }
  } finally {
    await simulators.stop();
  }
}

function printFleet(work: string, spentMs: number, end: PollReport, settled: PollReport): void {
  const limit = { runs: 1, peer: 'limit' };
  const share = (end.cpuMs / spentMs) * 100;
  printRow({ ...limit, work, ours: share, theirs: 25, unit: '% of a core', goal: 'under 25' }, 'lower');
  printRow(
    {
      ...limit,
      work: `${work}: latest look`,
      ours: end.worstLagMs,
      theirs: 2000,
      unit: 'ms late',
      goal: 'under 2000',
    },
    'lower',
  );
  printRow(
    {
      work: `${work}: memory`,
      peer: `ours after ${settledMinutes} min`,
      ours: end.rssMiB,
      theirs: settled.rssMiB,
      unit: 'MiB resident',
      goal: 'flat: ratio about 1',
      runs: 1,
    },
    'lower',
  );
}
