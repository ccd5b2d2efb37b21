import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { keepingLog } from '../../support/keeping-log.ts';
import { needRoot } from '../../support/need.ts';
import { createVirtualClock } from '../serial/virtual-clock.ts';
import { endOnDisk, printed, readToEnd, scratchDirectory, scratchRecord, until } from './scratch-record.ts';

/** A disk of 128 KiB, and a way to fill it. */
function smallDisk(): { readonly path: string; readonly fill: () => void; readonly makeRoom: () => void } {
  const path = scratchDirectory();
  const options = ['-t', 'tmpfs', '-o', 'size=128k,nr_inodes=64', 'tmpfs', path];
  expect(spawnSync('mount', options).status).toBe(0);
  onTestFinished(() => void spawnSync('umount', ['-l', path]));
  const ballast = join(path, 'ballast');
  return {
    path,
    fill() {
      for (let size = 4096; size >= 1; size = Math.floor(size / 2)) {
        try {
          for (;;) writeFileSync(ballast, new Uint8Array(size), { flag: 'a' });
        } catch {
          // As much as went in.
        }
      }
    },
    makeRoom: () => rmSync(ballast),
  };
}

describe.skipIf(!needRoot())('a full disk', () => {
  it('the newest output is there from memory; the hole is told when there is room again', async () => {
    const disk = smallDisk();
    const directory = join(disk.path, 'one');
    const clock = createVirtualClock();
    const log = keepingLog();
    const record = await scratchRecord(directory, { clock, log, tailBytes: 1000, segmentBytes: 64 * 1024 });
    record.append(printed(0, 1000));
    await until(() => endOnDisk(directory) === 1000, 'output on disk');

    disk.fill();
    // What is left of the last block still fits.
    let end = 1000;
    while (end < 20_000) {
      record.append(printed(end, 500));
      record.mark('break');
      end += 500;
      const { bytes } = await record.read(end - 500, 0, 1000);
      expect(Buffer.from(bytes).equals(printed(end - 500, 500))).toBe(true);
      if (end === 10_000) await until(() => log.lines.length > 0, 'a warning');
    }
    for (let tries = 0; tries < 10; tries++) {
      await clock.advance(5000);
      await until(() => clock.timers() > 0, 'another try later');
    }
    expect(log.lines.length).toBe(1);
    expect(log.lines[0]).toContain('ENOSPC');
    expect(record.memoryBytes()).toBe(1000);
    expect(readdirSync(directory).length).toBeLessThanOrEqual(4);

    disk.makeRoom();
    await clock.advance(5000);
    await until(() => endOnDisk(directory) === end, 'output on disk');
    record.append(printed(end, 500));
    const hole = await record.read(end - 1100, 0, 10);
    expect(hole.marks[0]?.text).toBe('100 bytes are missing here: the disk could not take them');
    await record.close();
    expect(log.lines.at(-1)).toContain('written again');
    const reopened = await readToEnd(await scratchRecord(directory), 0);
    expect(reopened.end).toBe(end + 500);
    expect(reopened.jumps).toEqual([{ from: expect.any(Number), to: end - 1000, told: true }]);
    expect(reopened.jumps[0]?.from).toBeGreaterThanOrEqual(1000);
    for (const { offset, bytes } of reopened.pieces)
      expect(Buffer.from(bytes).equals(printed(offset, bytes.length))).toBe(true);
  });

  it('closing on it does not fail, and the next opening says that output may be missing', async () => {
    const disk = smallDisk();
    const directory = join(disk.path, 'one');
    const record = await scratchRecord(directory);
    record.append(printed(0, 1000));
    await until(() => endOnDisk(directory) === 1000, 'output on disk');
    disk.fill();
    record.append(printed(1000, 50_000));
    await record.close();
    const again = await scratchRecord(directory);
    const back = await readToEnd(again, 0, 100_000);
    expect(back.end).toBeLessThan(51_000);
    expect(back.marks.at(-1)).toMatchObject({ kind: 'gap', offset: back.end });
  });
});
