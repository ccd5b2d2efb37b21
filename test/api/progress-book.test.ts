import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProgressLine } from '../../src/api/ports.ts';
import { createProgressBook } from '../../src/api/zstack/progress-book.ts';
import { currentState, everyLine } from '../../src/api/zstack/progress-view.ts';
import { linkOf, stageProgress, withRun } from '../../src/api/zstack/run-progress.ts';
import type { SeenRun } from '../../src/api/zstack/run-progress.ts';
import { noEvidence, runStages } from '../../src/provision/model.ts';
import { cases } from '../support/cases.ts';
import { keepingLog } from '../support/keeping-log.ts';
import { random, run, uuid } from '../support/records.ts';

/** A book over memory, with a clock that the test moves. */
function memoryBook() {
  const writes: (readonly ProgressLine[])[] = [];
  const timers = new Set<{ at: number; run: () => void }>();
  let now = 0;
  const state = { fault: undefined as Error | undefined };
  const clock = {
    now: () => now,
    after(ms: number, work: () => void) {
      const timer = { at: now + ms, run: work };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
  };
  const pass = (ms: number): void => {
    now += ms;
    for (const timer of timers) {
      if (timer.at > now) continue;
      timers.delete(timer);
      timer.run();
    }
  };
  const deleted: number[] = [];
  const store = {
    async append(lines: readonly ProgressLine[]) {
      if (state.fault !== undefined) throw state.fault;
      writes.push(lines);
    },
    linesOf: async () => [],
    async deleteProgressBefore(time: number) {
      deleted.push(time);
      return 0;
    },
  };
  const log = keepingLog();
  const book = createProgressBook({ store, clock, random, log, keepMs: () => 86_400_000 });
  const call = book.begin({ apiUuid: uuid(), name: 'CreateX', secrets: ['hunter2-secret'] });
  return { book, call, writes, pass, state, log, deleted, lines: () => writes.flat() };
}

describe('a call', () => {
  it('writes at most once in 250 ms; the newest report of a task wins, begin and end always land', async () => {
    const { call, writes, pass } = memoryBook();
    const part = call.task.subTask('one machine');
    for (let step = 1; step <= 50; step += 1) {
      call.task.report(`step ${step}`, step);
      part.report(`part ${step}`, 2 * step);
    }
    pass(249);
    expect(writes).toEqual([]);
    pass(1);
    expect(writes.length).toBe(1);
    expect(writes[0]?.map(({ content, percent }) => [content, percent])).toEqual([
      ['begun', 0],
      ['begun', undefined],
      ['step 50', 50],
      ['part 50', 100],
    ]);
    call.task.report('last', 90);
    await call.ended(undefined);
    expect(writes[1]?.map(({ content, percent }) => [content, percent])).toEqual([
      ['last', 90],
      ['done', 100],
    ]);
    call.task.report('too late', 100);
    pass(1000);
    expect(writes.length).toBe(2);
  });

  it('never goes back, whatever it reports', async () => {
    const { call, pass, lines } = memoryBook();
    for (const percent of [10, 5, Number.NaN, undefined, -3, 400, 20.9]) {
      call.task.report('x', percent);
      pass(250);
    }
    expect(lines().map(({ percent }) => percent)).toEqual([0, 10, 10, 10, 10, 10, 100, 100]);
  });

  it('says where it failed, hides secrets and cuts what is long', async () => {
    const { call, lines } = memoryBook();
    call.task.report('logging in with hunter2-secret', 30, { machine: 7 });
    await call.ended(`refused hunter2-secret ${'x'.repeat(5000)}`);
    const [, report, end] = lines();
    expect(report).toMatchObject({ content: 'logging in with ******', opaque: '{"machine":7}' });
    expect(end?.content.startsWith('failed while logging in with ******: refused ****** xxx')).toBe(true);
    expect([end?.content.length, end?.percent]).toEqual([2000, 30]);
  });

  it('never throws and keeps at most 10,000 lines, the last of which is the end', async () => {
    const { call, pass, lines, log } = memoryBook();
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(() => call.task.report('round', 1, circle)).not.toThrow();
    expect(log.lines.length).toBe(1);
    for (let step = 0; step < 12_000; step += 1) {
      call.task.subTask(`part ${step}`);
      if (step % 1000 === 0) pass(250);
    }
    await call.ended(undefined);
    expect(lines().length).toBe(10_000);
    expect(lines().at(-1)).toMatchObject({ content: 'done', percent: 100 });
  });

  it('lives on when its lines cannot be stored', async () => {
    const { call, pass, state, log, lines } = memoryBook();
    state.fault = new Error('disk full');
    call.task.report('a', 1);
    pass(250);
    await Promise.resolve();
    state.fault = undefined;
    await call.ended(undefined);
    expect(log.lines).toEqual([expect.stringContaining('disk full')]);
    expect(lines().map(({ content }) => content)).toEqual(['done']);
  });

  it('is forgotten after a day', () => {
    const { pass, deleted, book } = memoryBook();
    pass(60_000);
    expect(deleted).toEqual([60_000 - 86_400_000]);
    book.close();
    pass(10 * 3600_000);
    expect(deleted.length).toBe(1);
  });
});

const line = (change: Partial<ProgressLine>): ProgressLine => ({
  apiUuid: 'a'.repeat(32) as ProgressLine['apiUuid'],
  taskUuid: 'a'.repeat(32) as ProgressLine['taskUuid'],
  parentUuid: undefined,
  taskName: 'X',
  type: 'Progress',
  content: 'c',
  percent: undefined,
  opaque: undefined,
  time: 1,
  ...change,
});

describe('the view', () => {
  it('nests the newest line of each task under its parent', () => {
    const [root, child, grandchild] = ['a', 'b', 'c'].map((digit) => digit.repeat(32)) as [
      Shown,
      Shown,
      Shown,
    ];
    const lines = [
      line({ taskUuid: root, content: 'old' }),
      line({ taskUuid: child, parentUuid: root, content: 'part', percent: 5 }),
      line({ taskUuid: grandchild, parentUuid: child, content: 'deep', opaque: '{"k":[1]}' }),
      line({ taskUuid: root, content: 'new' }),
      line({ taskUuid: child, parentUuid: root, content: 'part', percent: 7 }),
    ];
    expect(currentState(lines)).toEqual([
      {
        taskUuid: root,
        taskName: 'X',
        type: 'Progress',
        content: 'new',
        time: 1,
        subTasks: [
          {
            taskUuid: child,
            taskName: 'X',
            parentUuid: root,
            type: 'Progress',
            content: 'part (7%)',
            percent: 7,
            time: 1,
            subTasks: [
              {
                taskUuid: grandchild,
                taskName: 'X',
                parentUuid: child,
                type: 'Progress',
                content: 'deep',
                opaque: { k: [1] },
                time: 1,
              },
            ],
          },
        ],
      },
    ]);
    expect(everyLine(lines).map(({ content }) => content)).toEqual([
      'old',
      'part (5%)',
      'deep',
      'new',
      'part (7%)',
    ]);
    expect(currentState([])).toEqual([]);
  });

  it('shows every task once, whatever the order of lines', () => {
    const uuids = ['a', 'b', 'c', 'd', 'e'].map((digit) => digit.repeat(32)) as Shown[];
    // A parent is always begun before its parts, so its place in the list is lower.
    const anyLine = fc
      .tuple(fc.nat(4), fc.nat(4))
      .map(([own, above]) =>
        line({ taskUuid: uuids[own]!, parentUuid: above < own ? uuids[above] : undefined }),
      );
    fc.assert(
      fc.property(fc.array(anyLine, { maxLength: 40 }), (lines) => {
        const seen: string[] = [];
        const walk = (list: ReturnType<typeof currentState>): void => {
          for (const { taskUuid, subTasks } of list) {
            seen.push(taskUuid);
            walk(subTasks ?? []);
          }
        };
        walk(currentState(lines));
        expect(seen.toSorted()).toEqual([...new Set(lines.map(({ taskUuid }) => taskUuid))].toSorted());
      }),
      { numRuns: cases(20_000) },
    );
  });
});
type Shown = ProgressLine['taskUuid'];

describe('a run', () => {
  const seen = (change: Parameters<typeof run>[1], entries: SeenRun['entries'] = []): SeenRun => ({
    run: run(uuid(), change),
    entries,
  });

  it('has a percentage that only grows with its stages', () => {
    const percents = runStages
      .filter((stage) => stage !== 'failed')
      .map((stage) => stageProgress(run(uuid(), { stage })).percent ?? -1);
    expect(percents.every((percent, index) => index === 0 || percent > (percents[index - 1] ?? 0))).toBe(
      true,
    );
    expect([percents[0], percents.at(-1)]).toEqual([5, 100]);
  });

  it('grows with the bytes of the initrd, between its neighbours', () => {
    const at = (initrdBytes: number) =>
      stageProgress(
        run(uuid(), { stage: 'awaiting-initrd', evidence: { ...noEvidence, initrdBytes, initrdTotal: 200 } }),
      ).percent;
    expect([at(0), at(100), at(200), at(900)]).toEqual([35, 42, 50, 50]);
  });

  it('says why it failed', () => {
    expect(
      stageProgress(run(uuid(), { stage: 'failed', cause: 'no offer was accepted', kind: 'install' })),
    ).toEqual({
      percent: undefined,
      text: 'installation failed: no offer was accepted',
    });
  });

  it('adds its steps and its stage, with uuids that stay', () => {
    const one = seen({ stage: 'done', endedAt: 99, kind: 'inspect' });
    const steps = [1, 2].map((at) => ({
      runUuid: one.run.uuid,
      chassisUuid: one.run.chassisUuid,
      at,
      step: 'dhcp',
      text: `packet ${at}`,
      bytes: undefined,
    }));
    const lines = [line({ opaque: '{"chassisUuid":"c","runUuid":"r"}' })];
    const shown = withRun(lines, { ...one, entries: steps });
    expect(shown.map(({ content, time, percent }) => [content, time, percent])).toEqual([
      ['c', 1, undefined],
      ['packet 1', 1, undefined],
      ['packet 2', 2, undefined],
      ['inspection: done', 99, 100],
    ]);
    const uuids = shown.slice(1, 3).map(({ taskUuid }) => taskUuid);
    expect(uuids.every((one) => /^[0-9a-f]{32}$/.test(one))).toBe(true);
    const fewer = withRun(lines, { ...one, entries: steps.slice(0, 1) });
    expect([new Set(uuids).size, fewer[1]?.taskUuid]).toEqual([2, uuids[0]]);
    expect(withRun([], one)).toEqual([]);
  });

  it.each([
    ['{"chassisUuid":"c","runUuid":"r"}', { chassisUuid: 'c', runUuid: 'r' }],
    ['{"runUuid":"r"}', undefined],
    ['{"runUuid":', undefined],
    ['["runUuid"]', undefined],
    ['{"other":1}', undefined],
  ])('is found by the link %s', (opaque, link) => {
    expect(linkOf([line({}), line({ opaque })])).toEqual(link);
    expect(linkOf([])).toBeUndefined();
  });
});
