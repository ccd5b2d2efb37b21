import { mkdirSync, readFileSync, rmSync, statSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Broken } from '../../../src/console/protocol.ts';
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

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

it('writes segments named by their first offset, for the owner alone', async () => {
  const directory = join(scratchDirectory(), 'chassis', 'one');
  const record = await scratchRecord(directory, { segmentBytes: 1000 });
  expect(record.kept()).toEqual({ start: 0, end: 0, runStart: undefined });
  for (let offset = 0; offset < 2500; offset += 100) {
    record.append(printed(offset, 100));
    await until(() => endOnDisk(directory) === offset + 100, 'output on disk');
  }
  await record.close();
  const names = filesOf(directory, '.log').map(nameOf);
  expect(names[0]).toBe('0000000000000000.log');
  expect(names.length).toBeGreaterThan(2);
  expect(
    Buffer.concat(filesOf(directory, '.log').map((path) => readFileSync(path))).equals(printed(0, 2500)),
  ).toBe(true);
  const modes = [directory, ...filesOf(directory, '.log'), ...filesOf(directory, '.jsonl')].map(
    (path) => statSync(path).mode & 0o777,
  );
  expect(new Set(modes)).toEqual(new Set([0o700, 0o600]));
  expect(statSync(directory).mode & 0o777).toBe(0o700);
});

it('an opened record that nobody wrote leaves nothing behind', async () => {
  const directory = join(scratchDirectory(), 'one');
  const record = await scratchRecord(directory);
  expect(await record.read(0, 0, 100)).toEqual({
    offset: 0,
    bytes: new Uint8Array(),
    marks: [],
    marksSeen: 0,
  });
  await record.close();
  expect(() => statSync(directory)).toThrow('ENOENT');
});

it('keeps to the cap: the oldest goes, and a reader that was there begins later with a gap', async () => {
  const directory = scratchDirectory();
  const record = await scratchRecord(directory, { segmentBytes: 2000, capBytes: 10_000, tailBytes: 100 });
  record.mark('run-begin', 'one');
  const first = await record.read(0, 0, 50);
  for (let offset = 0; offset < 30_000; offset += 100) {
    record.append(printed(offset, 100));
    await until(() => endOnDisk(directory) === offset + 100, 'output on disk');
  }
  await record.close();
  const onDisk = [...filesOf(directory, '.log'), ...filesOf(directory, '.jsonl')];
  const bytes = onDisk.reduce((sum, path) => sum + statSync(path).size, 0);
  // The last line, which says that it was closed, may come on top.
  expect(bytes).toBeLessThanOrEqual(10_100);
  const { start, end, runStart } = record.kept();
  expect([end, runStart]).toEqual([30_000, undefined]);
  expect(start).toBeGreaterThan(20_000);
  const next = await record.read(first.offset + first.bytes.length, first.marksSeen, 50);
  expect([next.offset, next.marks]).toEqual([
    start,
    [{ offset: start, at: expect.any(Number), kind: 'gap', text: 'older output is not kept any more' }],
  ]);
  expect(Buffer.from(next.bytes).equals(printed(start, next.bytes.length))).toBe(true);
});

it('tells marks in their places, each once, also one behind the last output', async () => {
  const record = await scratchRecord(scratchDirectory());
  record.append(printed(0, 10));
  record.mark('break');
  record.append(printed(10, 10));
  const first = await record.read(0, 0, 15);
  expect(first.marks.map(({ offset, kind }) => [offset, kind])).toEqual([[10, 'break']]);
  const second = await record.read(15, first.marksSeen, 15);
  expect([second.bytes.length, second.marks]).toEqual([5, []]);
  record.mark('detached', 'no answer');
  const third = await record.read(20, second.marksSeen, 15);
  expect(third.marks).toEqual([{ offset: 20, at: expect.any(Number), kind: 'detached', text: 'no answer' }]);
  expect((await record.read(20, third.marksSeen, 15)).marks).toEqual([]);
});

it('remembers the newest run and the marks, and goes on behind them', async () => {
  const directory = scratchDirectory();
  const before = await scratchRecord(directory);
  before.append(printed(0, 10));
  before.mark('run-begin', 'one');
  before.append(printed(10, 10));
  await before.close();
  before.append(printed(20, 10));
  const record = await scratchRecord(directory);
  expect(record.kept()).toEqual({ start: 0, end: 20, runStart: 10 });
  const { marks } = await readToEnd(record, 0);
  expect(marks.map(({ offset, kind, text }) => [offset, kind, text])).toEqual([[10, 'run-begin', 'one']]);
});

it('without a closing, says once that output may be missing; drops a torn line and what lies behind the end', async () => {
  const directory = scratchDirectory();
  const before = await scratchRecord(directory);
  before.append(printed(0, 100));
  before.mark('break');
  await before.close();
  const [log = '', sidecar = ''] = [...filesOf(directory, '.log'), ...filesOf(directory, '.jsonl')];
  truncateSync(log, 60);
  writeFileSync(
    sidecar,
    `{"o":0,"t":5}\nnonsense\n{"o":7,"t":5,"k":"break"}\n${'{"o":100,"t":5,"k":"run-begin"}\n'.repeat(40)}{"o":3,`,
  );
  const told: (Broken | undefined)[] = [];
  for (let times = 0; times < 3; times++) {
    const record = await scratchRecord(directory);
    const { broken } = record.kept();
    expect(record.kept()).toEqual({ start: 0, end: 60, runStart: undefined, broken });
    // The same place each time, by which viewers know it.
    told.push(broken);
    expect(broken).toEqual({ offset: 60, at: told[0]?.at });
    const { marks } = await readToEnd(record, 0);
    expect(marks.map(({ offset, kind }) => [offset, kind])).toEqual([
      [7, 'break'],
      [60, 'gap'],
    ]);
    expect(marks[1]?.text).toContain('may be missing');
    await record.close();
  }
  const record = await scratchRecord(directory);
  record.append(printed(60, 100));
  await record.close();
  const again = await scratchRecord(directory);
  const { marks, pieces } = await readToEnd(again, 0, 1000);
  expect(marks.map(({ kind }) => kind)).toEqual(['break', 'gap']);
  expect(Buffer.from(pieces[0]?.bytes ?? []).equals(printed(0, 160))).toBe(true);
});

it('files that were cut or taken away in the middle are gaps for readers', async () => {
  const directory = scratchDirectory();
  const record = await scratchRecord(directory, { segmentBytes: 500, tailBytes: 50 });
  for (let offset = 0; offset < 3000; offset += 50) {
    record.append(printed(offset, 50));
    await until(() => endOnDisk(directory) === offset + 50, 'output on disk');
  }
  const [, second = '', , fourth = '', fifth = ''] = filesOf(directory, '.log');
  const [secondFirst, fourthFirst, fifthFirst] = [second, fourth, fifth].map((path) =>
    Number.parseInt(nameOf(path), 10),
  );
  truncateSync(second, 20);
  unlinkSync(fourth);
  const live = await readToEnd(record, 0);
  await record.close();
  const reopened = await readToEnd(await scratchRecord(directory), 0);
  for (const back of [live, reopened]) {
    expect(back.end).toBe(3000);
    expect(back.jumps).toEqual([
      { from: (secondFirst ?? 0) + 20, to: expect.any(Number), told: true },
      { from: fourthFirst, to: fifthFirst, told: true },
    ]);
    for (const { offset, bytes } of back.pieces)
      expect(Buffer.from(bytes).equals(printed(offset, bytes.length))).toBe(true);
  }
});

it('a directory that cannot be made: the console goes on, and is recorded when it can be', async () => {
  const parent = scratchDirectory();
  const clock = createVirtualClock();
  writeFileSync(join(parent, 'records'), 'a file in the way');
  const directory = join(parent, 'records', 'one');
  await expect(scratchRecord(directory, { clock })).rejects.toMatchObject({ code: 'storage' });

  rmSync(join(parent, 'records'));
  const record = await scratchRecord(directory, { clock });
  writeFileSync(join(parent, 'records'), 'a file in the way');
  record.append(printed(0, 500));
  for (let turns = 0; turns < 50; turns++) await turn();
  expect(Buffer.from((await record.read(0, 0, 1000)).bytes).equals(printed(0, 500))).toBe(true);
  rmSync(join(parent, 'records'));
  await until(async () => {
    await clock.advance(5000);
    return endOnDisk(directory) === 500;
  }, 'output on disk');
});

it('somebody who removes the files of a running record loses that output only', async () => {
  const directory = scratchDirectory();
  const record = await scratchRecord(directory, { tailBytes: 50, segmentBytes: 300 });
  for (let offset = 0; offset < 500; offset += 50) {
    record.append(printed(offset, 50));
    await until(() => endOnDisk(directory) === offset + 50, 'output on disk');
  }
  rmSync(directory, { recursive: true });
  mkdirSync(directory);
  for (let offset = 500; offset < 1500; offset += 50) {
    record.append(printed(offset, 50));
    for (let turns = 0; turns < 20; turns++) await turn();
  }
  const back = await readToEnd(record, 0);
  expect(back.end).toBe(1500);
  expect(back.jumps.every(({ told }) => told)).toBe(true);
  await record.close();
  expect(endOnDisk(directory)).toBe(1500);
});

it('calls back once for many appends, and not after it was stopped', async () => {
  const record = await scratchRecord(scratchDirectory());
  let news = 0;
  const stop = record.onNews(() => news++);
  for (let times = 0; times < 10; times++) record.append(printed(times, 1));
  record.mark('break');
  await turn();
  expect(news).toBe(1);
  stop();
  record.append(printed(10, 1));
  await turn();
  expect(news).toBe(1);
});

it('a reader ahead of a record that a crash made shorter is told so', async () => {
  const record = await scratchRecord(scratchDirectory());
  record.append(printed(0, 10));
  const piece = await record.read(5000, 0, 100);
  expect([piece.offset, piece.bytes.length, piece.marks[0]?.kind]).toEqual([10, 0, 'gap']);
});

it('is gone when it was removed', async () => {
  const directory = join(scratchDirectory(), 'one');
  const record = await scratchRecord(directory);
  record.append(printed(0, 10));
  await until(() => endOnDisk(directory) === 10, 'output on disk');
  await record.remove();
  expect(() => statSync(directory)).toThrow('ENOENT');
  record.append(printed(10, 10));
  await turn();
  expect(() => statSync(directory)).toThrow('ENOENT');
});
