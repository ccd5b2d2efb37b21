import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  idleLink,
  isHeld,
  type LinkEvent,
  type LinkState,
  pauseMs,
  stepLink,
  type Trouble,
} from '../../../src/kvm/connection/step.ts';
import { cases } from '../../support/cases.ts';

const off: Trouble = { kind: 'unreachable', text: 'no answer' };
const failed = (trouble: Trouble): LinkEvent => ({ kind: 'failed', trouble, chance: 0.5 });
const lost: LinkEvent = { kind: 'lost', why: 'cable', chance: 0 };
const begin: LinkEvent = { kind: 'begin' };
const opened: LinkEvent = { kind: 'opened' };

/** The state after events, with the kinds of effects of the last one. */
function after(...events: readonly LinkEvent[]): { state: LinkState; effects: string[] } {
  let state = idleLink;
  let effects: string[] = [];
  for (const event of events) {
    const [next, done] = stepLink(state, event);
    state = next;
    effects = done.map((effect) =>
      'notice' in effect ? effect.notice : 'status' in effect ? effect.status : effect.kind,
    );
  }
  return { state, effects };
}

describe('a link', () => {
  it('connects, and tries again when it cannot', () => {
    expect(after(begin)).toMatchObject({ effects: ['cancel-timers', 'drop', 'Connecting', 'open'] });
    expect(after(begin, opened)).toMatchObject({
      state: { phase: 'connected' },
      effects: ['cancel-timers', 'Connected'],
    });
    expect(after(begin, failed(off))).toMatchObject({
      state: { phase: 'waiting', failures: 1 },
      effects: ['Disconnected', 'retry-in'],
    });
    expect(after(begin, failed(off), { kind: 'retry-due' })).toMatchObject({
      effects: ['Connecting', 'open'],
    });
  });

  it.each(['login-refused', 'host-key-changed'] as const)('waits for a person after %s', (kind) => {
    const trouble = { kind, text: 'why' };
    const { state, effects } = after(begin, failed(trouble));
    expect(isHeld(trouble)).toBe(true);
    expect(effects).not.toContain('retry-in');
    expect(stepLink(state, begin)[0].phase).toBe('connecting');
  });

  it('tells of a changed key at once, and only of that', () => {
    const changed = { kind: 'host-key-changed', text: 'other key' } as const;
    expect(after(begin, opened, lost, { kind: 'retry-due' }, failed(changed)).effects).toEqual([
      'Disconnected',
      'host-key-changed',
    ]);
    expect(
      after(begin, opened, lost, { kind: 'retry-due' }, failed(changed), { kind: 'away-due' }).effects,
    ).toEqual([]);
  });

  it('tells that a host is away once, and not of one that never was there or came back', () => {
    const away: LinkEvent = { kind: 'away-due' };
    expect(after(begin, opened, lost).effects).toEqual(['drop', 'Disconnected', 'watch-away', 'retry-in']);
    expect(after(begin, opened, lost, away).effects).toEqual(['host-disconnected']);
    expect(after(begin, opened, lost, away, away).effects).toEqual([]);
    expect(after(begin, failed(off), away).effects).toEqual([]);
    expect(after(begin, opened, lost, { kind: 'retry-due' }, opened, away).effects).toEqual([]);
    expect(after(begin, opened, { kind: 'stop' }, lost, away).effects).toEqual([]);
  });

  it('does nothing any more after its end', () => {
    expect(after(begin, opened, { kind: 'stop' }).effects).toEqual(['cancel-timers', 'drop']);
    expect(after(begin, { kind: 'stop' }, opened).state.phase).toBe('over');
    expect(after({ kind: 'stop' }, begin).effects).toEqual([]);
  });
});

it('pauses from two seconds to two minutes', () => {
  expect(pauseMs(0, 0)).toBe(2000);
  expect(pauseMs(1, 1)).toBe(4000);
  expect(pauseMs(1000, 1)).toBe(120_000);
  fc.assert(
    fc.property(fc.nat(100), fc.double({ min: 0, max: 1, noNaN: true }), (failures, chance) => {
      const pause = pauseMs(failures, chance);
      expect(pause).toBeGreaterThanOrEqual(2000);
      expect(pause).toBeLessThanOrEqual(120_000);
    }),
    { numRuns: cases(100_000) },
  );
});

it('never stands still without a person to act, and is open only while it connects, whatever happens', () => {
  const event = fc.constantFrom<LinkEvent>(
    begin,
    opened,
    lost,
    failed(off),
    failed({ kind: 'login-refused', text: 'x' }),
    failed({ kind: 'host-key-changed', text: 'x' }),
    failed({ kind: 'unfit', text: 'x' }),
    { kind: 'retry-due' },
    { kind: 'away-due' },
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), (events) => {
      let state = idleLink;
      let retryIsDue = false;
      for (const next of events) {
        const [after, effects] = stepLink(state, next);
        const kinds = effects.map(({ kind }) => kind);
        if (kinds.includes('retry-in')) retryIsDue = true;
        if (kinds.includes('cancel-timers') || next.kind === 'retry-due') retryIsDue = false;
        state = after;
        const isLeftAlone = state.trouble !== undefined && isHeld(state.trouble);
        const faults = [
          kinds.includes('open') && state.phase !== 'connecting' && 'opens in another phase',
          state.phase === 'waiting' && !isLeftAlone && !retryIsDue && 'stands still',
          state.phase === 'waiting' && isLeftAlone && retryIsDue && 'tries without a person',
          state.phase === 'connected' && state.trouble !== undefined && 'connected with trouble',
        ];
        expect(faults.filter(Boolean)).toEqual([]);
      }
    }),
    { numRuns: cases(100_000) },
  );
});
