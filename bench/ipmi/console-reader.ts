import { systemClock as clock } from '../../src/base/clock.ts';
import { connectBmc, openSol, type SolEvent, type SolStream } from '../../src/ipmi/index.ts';
import { deps } from './client-pool.ts';
import type { ReadOrder, ReadReport } from './orders.ts';
import { wrongAt } from './serial-pattern.ts';
import { fleetOf, targetsOf } from './targets.ts';
import { cpuMs, serveOrders } from './worker-side.ts';

/** Opens a console of each BMC of a fleet and checks each character. */
const targets = targetsOf(fleetOf(process.argv.slice(2)));
let streams: readonly SolStream[] = [];
let [characters, wrong, gaps, openedCpuMs] = [0, 0, 0, 0];

function receive(event: SolEvent): void {
  if (event.kind === 'gap') gaps += 1;
  if (event.kind !== 'output') return;
  characters += event.data.length;
  wrong += wrongAt(event.offset, event.data);
}

async function open(): Promise<void> {
  const opening = targets.map((target) =>
    openSol({ connect: () => connectBmc(target, deps), clock, scrollbackBytes: 65_536 }),
  );
  streams = await Promise.all(opening);
  for (const stream of streams) stream.subscribe({ receive, dropped: () => void (gaps += 1) }, 0);
  openedCpuMs = cpuMs();
}

serveOrders(async ({ kind }: ReadOrder): Promise<ReadReport> => {
  if (kind === 'open') await open();
  if (kind === 'close') await Promise.all(streams.map((stream) => stream.close()));
  return { characters, wrong, gaps, cpuMs: cpuMs() - openedCpuMs };
});
