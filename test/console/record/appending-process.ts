import { systemClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import { openRecord } from '../../../src/console/record/record.ts';

/** Appends to the record in a directory until it is killed: lines that tell their own offset, 32 bytes each, and marks. */
const [directory = ''] = process.argv.slice(2);
const record = await openRecord({
  directory,
  clock: systemClock,
  log: silentLog,
  segmentBytes: 20_000,
  capBytes: 150_000,
});
for (let round = 0; ; round++) {
  // A part of a line is what a kill may leave; the rest of it comes first.
  const { end } = record.kept();
  const line = `line at ${end - (end % 32)} `.padEnd(31, '.');
  record.append(Buffer.from(`${line}\n`).subarray(end % 32));
  if (round % 7 === 0) record.mark('break', `round ${round}`);
  if (round % 20 === 0) {
    process.stdout.write('.');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
