// A lab of one machine that is on, as a program of its own: the tests kill it and look at what is left.
import { join } from 'node:path';
import { startRack } from '../../hardware-lab/rack.ts';
import { closeOnSignals } from '../../hardware-lab/signals.ts';

closeOnSignals(() => undefined);
const rack = await startRack({ machines: ['bios'], accelerator: 'tcg' });
await rack.machines[0]?.machine.powerOn('lab');
// Something that no mark shows to be the lab's: the state file alone knows it.
const sleeper = await rack.topology.start('sleep', ['86399'], { logFile: join(rack.folder, 'sleep.log') });
process.stdout.write(`${rack.id} ${rack.folder} ${sleeper.pid}\n`);
