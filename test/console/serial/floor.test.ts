import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Viewer } from '../../../src/console/protocol.ts';
import {
  createFloor,
  emptyFloor,
  type FloorEvent,
  type FloorState,
  stepFloor,
} from '../../../src/console/serial/floor.ts';
import { cases } from '../../support/cases.ts';
import { createVirtualClock } from './virtual-clock.ts';

const viewer = (id: string): Viewer => ({ id, name: `viewer ${id}` });
const [a, b, c] = ['a', 'b', 'c'].map(viewer) as [Viewer, Viewer, Viewer];

function play(events: readonly FloorEvent[], now = 0): FloorState {
  return events.reduce((state, event) => stepFloor(state, event, now, 15_000), emptyFloor);
}

it('gives a free keyboard at once, and asks the writer for others', () => {
  const state = play([
    { kind: 'ask', viewer: a },
    { kind: 'ask', viewer: b },
    { kind: 'ask', viewer: c },
    { kind: 'ask', viewer: b },
  ]);
  expect(state).toEqual({ writer: a, askers: [b, c], until: 15_000 });
});

it('only the writer hands over, to one who asked; the others go on asking the new writer', () => {
  const asked = play([
    { kind: 'ask', viewer: a },
    { kind: 'ask', viewer: b },
    { kind: 'ask', viewer: c },
  ]);
  expect(stepFloor(asked, { kind: 'hand-over', from: 'b', to: 'b' }, 5, 15_000)).toBe(asked);
  expect(stepFloor(asked, { kind: 'hand-over', from: 'a', to: 'x' }, 5, 15_000)).toBe(asked);
  expect(stepFloor(asked, { kind: 'hand-over', from: 'a', to: 'c' }, 5, 15_000)).toEqual({
    writer: c,
    askers: [b],
    until: 15_005,
  });
  expect(stepFloor(asked, { kind: 'hand-over', from: 'a', to: undefined }, 5, 15_000).writer).toBe(b);
  const alone = play([{ kind: 'ask', viewer: a }]);
  expect(stepFloor(alone, { kind: 'hand-over', from: 'a', to: undefined }, 5, 15_000)).toEqual(emptyFloor);
});

it('a writer who keeps it sends the first away, and has time again for the next', () => {
  const asked = play([
    { kind: 'ask', viewer: a },
    { kind: 'ask', viewer: b },
    { kind: 'ask', viewer: c },
  ]);
  expect(stepFloor(asked, { kind: 'keep', from: 'a' }, 9000, 15_000)).toEqual({
    writer: a,
    askers: [c],
    until: 24_000,
  });
  expect(stepFloor(asked, { kind: 'keep', from: 'b' }, 9000, 15_000)).toBe(asked);
});

it('who leaves neither asks nor writes any more', () => {
  const asked = play([
    { kind: 'ask', viewer: a },
    { kind: 'ask', viewer: b },
    { kind: 'ask', viewer: c },
  ]);
  expect(stepFloor(asked, { kind: 'leave', viewerId: 'a' }, 1, 15_000)).toEqual({
    writer: b,
    askers: [c],
    until: 15_001,
  });
  // The first question goes on when somebody further back leaves.
  expect(stepFloor(asked, { kind: 'leave', viewerId: 'c' }, 1, 15_000)).toEqual({
    writer: a,
    askers: [b],
    until: 15_000,
  });
});

it('hands over 15 s after the question, and asks nobody when its time is over', async () => {
  const clock = createVirtualClock(0);
  let changes = 0;
  const floor = createFloor(clock, () => changes++);
  floor.ask(a);
  await clock.advance(60_000);
  floor.ask(b);
  expect(floor.asked()).toEqual({ by: b, until: 75_000 });
  await clock.advance(14_999);
  expect(floor.writer()).toBe(a);
  await clock.advance(1);
  expect(floor.writer()).toBe(b);
  expect(floor.asked()).toBeUndefined();
  expect(changes).toBe(3);
  expect(clock.timers()).toBe(0);
});

it('a clock that is set back makes the question longer and does not lose it', async () => {
  const clock = createVirtualClock(100_000);
  const floor = createFloor(clock, () => undefined);
  floor.ask(a);
  floor.ask(b);
  clock.set(50_000);
  await clock.advance(65_000);
  expect(floor.writer()).toBe(b);
});

it('property: one writer, nobody asks twice, a question only with a writer, and time always ends it', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd');
  const event: fc.Arbitrary<FloorEvent> = fc.oneof(
    id.map((one) => ({ kind: 'ask' as const, viewer: viewer(one) })),
    fc.record({ kind: fc.constant('hand-over' as const), from: id, to: fc.option(id, { nil: undefined }) }),
    id.map((from) => ({ kind: 'keep' as const, from })),
    id.map((viewerId) => ({ kind: 'leave' as const, viewerId })),
    fc.constant({ kind: 'time' as const }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(event, fc.nat(20_000)), { maxLength: 40 }), (steps) => {
      let state = emptyFloor;
      let now = 0;
      for (const [event, ms] of steps) {
        now += ms;
        const before = state;
        state = stepFloor(state, event, now, 15_000);
        const ids = state.askers.map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        if (state.writer === undefined) expect(ids).toEqual([]);
        else expect(ids).not.toContain(state.writer.id);
        expect(state.until === undefined).toBe(ids.length === 0);
        // Only the writer, the end of the time, or the writer's leaving takes the keyboard away.
        if (before.writer !== undefined && state.writer !== before.writer) {
          const byWriter =
            (event.kind === 'hand-over' && event.from === before.writer.id) ||
            (event.kind === 'leave' && event.viewerId === before.writer.id);
          expect(byWriter || (event.kind === 'time' && now >= (before.until ?? Infinity))).toBe(true);
        }
      }
      const [first] = state.askers;
      const late = stepFloor(state, { kind: 'time' }, now + 15_000, 15_000);
      expect(late.writer).toEqual(first ?? state.writer);
    }),
    { numRuns: cases(20_000) },
  );
});
