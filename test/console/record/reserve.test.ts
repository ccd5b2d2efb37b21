import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freeBytesAt } from '../../../src/console/record/free-bytes.ts';
import { keepingLog } from '../../support/keeping-log.ts';
import { createVirtualClock } from '../serial/virtual-clock.ts';
import {
  endOnDisk,
  filesOf,
  printed,
  readToEnd,
  scratchDirectory,
  scratchRecord,
  until,
} from './scratch-record.ts';

const mib = 2 ** 20;

/** A record in segments of 1000 bytes on a disk that has as much left as is said. */
async function world() {
  const directory = join(scratchDirectory(), 'not', 'there', 'yet');
  const disk = { free: 600 * mib, looks: 0 };
  const clock = createVirtualClock();
  const log = keepingLog();
  const options = {
    clock,
    log,
    segmentBytes: 1000,
    tailBytes: 500_000,
    freeBytes: async () => {
      disk.looks += 1;
      return disk.free;
    },
  };
  const record = await scratchRecord(directory, options);
  return { directory, disk, clock, log, record };
}

it('leaves room for the database: the oldest output of its own goes for the newest', async () => {
  const { directory, disk, log, record } = await world();
  record.append(printed(0, 5000));
  await until(() => endOnDisk(directory) === 5000, 'output on disk');
  const before = filesOf(directory, '.log').length;
  expect(before).toBeGreaterThan(4);
  disk.free = 512 * mib - 1;
  record.append(printed(5000, 20_000));
  await until(() => endOnDisk(directory) === 25_000, 'output on disk');
  expect(filesOf(directory, '.log').length).toBeLessThanOrEqual(before);
  expect(log.lines).toEqual([]);
  await record.close();
  const again = await scratchRecord(directory);
  expect(again.kept()).toMatchObject({ start: expect.any(Number), end: 25_000 });
  expect(again.kept().start).toBeGreaterThan(15_000);
  const { pieces, end } = await readToEnd(again, again.kept().start);
  expect(end).toBe(25_000);
  for (const { offset, bytes } of pieces)
    expect(Buffer.from(bytes).equals(printed(offset, bytes.length))).toBe(true);
});

it('writes nothing when it has nothing to give, says so once, and tries again', async () => {
  const { directory, disk, clock, log, record } = await world();
  disk.free = 100;
  record.append(printed(0, 300));
  await until(() => log.lines.length > 0, 'a warning');
  expect(log.lines[0]).toContain('less than 512 MiB are left on the disk');
  expect(existsSync(directory)).toBe(false);
  await until(() => clock.timers() > 0, 'another try later');
  disk.free = 512 * mib;
  await clock.advance(5000);
  await until(() => endOnDisk(directory) === 300, 'output on disk');
  await until(() => log.lines.length === 2, 'word that it is written again');
});

it('looks at the disk within a large segment too, and not for each character', async () => {
  const directory = scratchDirectory();
  const disk = { free: 600 * mib, looks: 0 };
  const log = keepingLog();
  const clock = createVirtualClock();
  const freeBytes = async () => {
    disk.looks += 1;
    return disk.free;
  };
  const record = await scratchRecord(directory, { clock, log, freeBytes, tailBytes: 500_000 });
  for (let at = 0; at < 200_000; at += 1000) {
    record.append(printed(at, 1000));
    await until(() => endOnDisk(directory) === at + 1000, 'output on disk');
  }
  expect(disk.looks).toBe(1);
  disk.free = 100;
  record.append(printed(200_000, 100_000));
  record.append(printed(300_000, 100_000));
  await until(() => log.lines.length > 0, 'a warning');
  expect(endOnDisk(directory)).toBeLessThan(400_000);
});

it('asks the file system, also where there is no directory yet', async () => {
  const there = scratchDirectory();
  const free = await freeBytesAt(join(there, 'a', 'b'));
  expect(free).toBeGreaterThan(0);
  await expect(freeBytesAt(join(there, '\0'))).rejects.toThrow('null bytes');
});
