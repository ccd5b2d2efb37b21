import { expect, it } from 'vitest';
import type { ProgressLine } from '../../src/api/ports.ts';
import { uuid } from '../support/records.ts';
import { storeIn, temporaryDirectory } from '../support/store.ts';

const line = (change: Partial<ProgressLine> = {}): ProgressLine => ({
  apiUuid: uuid(),
  taskUuid: uuid(),
  parentUuid: undefined,
  taskName: 'x',
  type: 'Progress',
  content: 'asking the BMC',
  percent: undefined,
  opaque: undefined,
  time: 1,
  ...change,
});

it('keeps the lines of a call in the order in which they were told, whatever their times', async () => {
  const directory = temporaryDirectory();
  const { progress, close } = await storeIn(directory);
  const apiUuid = uuid();
  const told = [
    line({ apiUuid, time: 9, percent: 0, type: 'Task' }),
    line({ apiUuid, time: 3, parentUuid: uuid(), opaque: '{"a":1}', percent: 33 }),
    line({ apiUuid, time: 3 }),
  ];
  await progress.append(told.slice(0, 2));
  await Promise.all([progress.append([line()]), progress.append(told.slice(2)), progress.append([])]);
  expect(await progress.linesOf(apiUuid)).toStrictEqual(told);
  await close();
  const again = await storeIn(directory);
  expect(await again.progress.linesOf(apiUuid)).toStrictEqual(told);
  expect(await again.progress.linesOf(uuid())).toEqual([]);
});

it('deletes old lines, no more than asked', async () => {
  const { progress } = await storeIn(temporaryDirectory());
  const apiUuid = uuid();
  await progress.append([5, 1, 4, 2, 3].map((time) => line({ apiUuid, time })));
  expect(await progress.deleteProgressBefore(4, 2)).toBe(2);
  expect((await progress.linesOf(apiUuid)).map(({ time }) => time)).toEqual([5, 4, 3]);
  expect(await progress.deleteProgressBefore(4, 9)).toBe(1);
  expect((await progress.linesOf(apiUuid)).map(({ time }) => time)).toEqual([5, 4]);
});
