import { say } from '../support/report.ts';
import { benchConsoles } from './consoles.ts';
import { benchFleet } from './fleet.ts';
import { benchLooks } from './looks.ts';
import { buildWorkers } from './programs.ts';

const defaultMinutes = 10;

const parts: Readonly<Record<string, (minutes: number) => Promise<void>>> = {
  looks: benchLooks,
  fleet: (minutes) => benchFleet('kept', minutes),
  'fleet-new': (minutes) => benchFleet('new', minutes),
  consoles: benchConsoles,
};

/**
 * IPMI against simulated BMCs on loopback: looks at 1,000 of them beside other programs, 5,000 polled for `minutes` (default 10), and 100
 * consoles. `wanted` names the parts to run; none: all.
 */
export async function benchIpmi(wanted: readonly string[], minutes = defaultMinutes): Promise<void> {
  buildWorkers();
  for (const [name, run] of Object.entries(parts)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    say(`ipmi ${name}`);
    await run(minutes);
  }
}
