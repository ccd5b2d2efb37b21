import { setTimeout as sleep } from 'node:timers/promises';
import { defaultConfig } from '../../hardware-lab/bmc-sim/config.ts';
import { createBmcFleet } from '../../hardware-lab/bmc-sim/fleet.ts';
import type { WriteAnswer, WriteOrder } from './orders.ts';
import { patternText } from './serial-pattern.ts';
import { bmcPort, fleetOf } from './targets.ts';
import { serveOrders } from './worker-side.ts';

/** BMCs whose machines write to their serial ports as fast as these allow, when the parent says so. */
const { first, count } = fleetOf(process.argv.slice(2));
const console = { ...defaultConfig.console, text: '' };
const fleet = await createBmcFleet({ count, firstAddress: first, port: bmcPort, console });
const charactersPerMs = console.baud / 10_000;
/** So often a tenth of the machines writes. */
const tickMs = 2;
const groups = 10;
/** A simulator that gets too little processor drops what is over 64 KiB unseen: its machine waits before that, and the rate tells. */
const flowControl = 32_768;

serveOrders(async ({ seconds }: WriteOrder): Promise<WriteAnswer> => {
  if (seconds === 0) return { characters: 0, ms: 0 };
  const total = Math.floor(seconds * 1000 * charactersPerMs);
  const written = fleet.sims.map(() => 0);
  const begun = performance.now();
  for (let group = 0; written.some((one) => one < total); group = (group + 1) % groups) {
    const due = Math.min(total, Math.floor((performance.now() - begun) * charactersPerMs));
    for (let at = group; at < fleet.sims.length; at += groups) {
      const from = written[at] ?? 0;
      const sim = fleet.sims[at];
      const held = sim?.state().sol?.queue.length ?? 0;
      const part = held < flowControl ? patternText(from, due - from) : '';
      if (part.length > 0) sim?.writeSerial(part);
      written[at] = from + part.length;
    }
    await sleep(tickMs);
  }
  return { characters: total, ms: performance.now() - begun };
});
