import { setTimeout as sleep } from 'node:timers/promises';
import { printRow, say } from '../support/report.ts';
import type { ReadOrder, ReadReport, WriteAnswer, WriteOrder } from './orders.ts';
import { startWorker } from './programs.ts';
import type { Fleet } from './targets.ts';

const fleet: Fleet = { first: '127.42.0.1', count: 100 };
const seconds = 60;
/** What the simulators could not send in time still comes; after so long without a character nothing does. */
const quietMs = 3000;

/** 100 consoles at 115,200 baud for a minute: characters lost or wrong, and processor time. No peer does this; `theirs` is the limit. */
export async function benchConsoles(): Promise<void> {
  const args = [fleet.first, String(fleet.count)];
  const machines = startWorker<WriteOrder, WriteAnswer>('serial-bmcs', args, 'simulator');
  const reader = startWorker<ReadOrder, ReadReport>('console-reader', args, 'measured');
  try {
    // Answered once the BMCs are there.
    await machines.ask({ seconds: 0 });
    await reader.ask({ kind: 'open' });
    say(`${fleet.count} consoles for ${seconds} s`);
    const begun = performance.now();
    const { characters } = await machines.ask({ seconds });
    const sent = characters * fleet.count;
    let report = await reader.ask({ kind: 'report' });
    let ms = performance.now() - begun;
    for (let seen = -1; report.characters < sent && report.characters !== seen; ) {
      seen = report.characters;
      await sleep(quietMs);
      report = await reader.ask({ kind: 'report' });
      if (report.characters !== seen) ms = performance.now() - begun;
    }
    await reader.ask({ kind: 'close' });
    const rate = Math.round(characters / (ms / 1000));
    const work = `SOL, ${fleet.count} consoles, ${rate} characters/s each for ${Math.round(ms / 1000)} s`;
    const row = { work, peer: 'limit', runs: 1 };
    const share = (report.cpuMs / ms) * 100;
    printRow({ ...row, ours: share, theirs: 30, unit: '% of a core', goal: 'under 30' }, 'lower');
    printRow(
      {
        ...row,
        work: `${work}: right characters (${report.wrong} wrong, ${report.gaps} gaps)`,
        peer: 'sent by the machines',
        ours: report.characters - report.wrong,
        theirs: sent,
        unit: 'characters',
        goal: 'ratio 1',
      },
      'higher',
    );
  } finally {
    await Promise.all([reader.stop(), machines.stop()]);
  }
}
