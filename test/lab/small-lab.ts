// A lab of one machine that is on, as a program of its own: the tests kill it and look at what is left.
import { startRack } from '../../hardware-lab/rack.ts';
import { closeOnSignals } from '../../hardware-lab/signals.ts';

closeOnSignals(() => undefined);
const rack = await startRack({ machines: ['bios'], accelerator: 'tcg' });
await rack.machines[0]?.machine.powerOn('lab');
process.stdout.write(`${rack.id} ${rack.folder}\n`);
