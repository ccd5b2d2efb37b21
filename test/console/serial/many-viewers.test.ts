import { setImmediate as turn } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../../src/base/log.ts';
import { openRecord } from '../../../src/console/record/record.ts';
import { createSerialHub } from '../../../src/console/serial/hub.ts';
import { endOnDisk, printed, scratchDirectory, until } from '../record/scratch-record.ts';
import { createFakeMachine } from './fake-machine.ts';
import { createVirtualClock, settle } from './virtual-clock.ts';

it('a hundred viewers, one of whom never reads, cost one line and the memory of one', async () => {
  const directory = scratchDirectory();
  const clock = createVirtualClock();
  const machine = createFakeMachine();
  const tailBytes = 32 * 1024;
  const record = await openRecord({ directory, clock, log: silentLog, tailBytes, segmentBytes: 256 * 1024 });
  const hub = createSerialHub({ record, open: machine.open, clock, log: silentLog });
  onTestFinished(async () => {
    await hub.close();
    await record.close();
  });
  const viewers = Array.from({ length: 100 }, () => ({ release: hub.hold(), at: 0, seen: 0, isRight: true }));
  const [idle, ...readers] = viewers;
  await settle();

  const total = 4 * 1024 * 1024;
  const piece = 16 * 1024;
  async function readOn(viewer: (typeof viewers)[number], maxBytes: number): Promise<boolean> {
    const { offset, bytes, marksSeen } = await record.read(viewer.at, viewer.seen, maxBytes);
    viewer.isRight &&= offset === viewer.at && Buffer.from(bytes).equals(printed(offset, bytes.length));
    viewer.at = offset + bytes.length;
    viewer.seen = marksSeen;
    return bytes.length > 0;
  }
  for (let offset = 0; offset < total; offset += piece) {
    machine.say({ kind: 'output', data: printed(offset, piece) });
    // Each of them seldom, so that the ring has gone on and the disk is needed.
    const reader = readers[(offset / piece) % readers.length];
    if (reader !== undefined) await readOn(reader, 64 * 1024);
    await until(() => endOnDisk(directory) === offset + piece, 'output on disk');
    await turn();
  }
  expect(record.memoryBytes()).toBeLessThanOrEqual(tailBytes + 64 * 1024);
  expect(machine.opened()).toBe(1);

  // Some of them to the end: from disk, then from memory.
  for (const reader of readers.slice(0, 10)) while (await readOn(reader, 256 * 1024));
  expect(readers.slice(0, 10).map(({ at, isRight }) => [at, isRight])).toEqual(
    Array.from({ length: 10 }, () => [total, true]),
  );
  expect(readers.every(({ isRight }) => isRight)).toBe(true);
  // Who never read has lost nothing: all of it is on disk.
  if (idle !== undefined)
    expect([await readOn(idle, 1024), idle.at, idle.isRight]).toEqual([true, 1024, true]);
  for (const { release } of viewers) release();
  await clock.advance(30_000);
  expect(machine.isOpen()).toBe(false);
}, 60_000);
