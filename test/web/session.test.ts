import { describe, expect, it } from 'vitest';
import type { Broken } from '../../src/console/protocol.ts';
import {
  newSession,
  noLink,
  pauseBefore,
  type Session,
  type SessionEffect,
  type SessionEvent,
  stepSession,
} from '../../web/state/session.ts';

const link = 'a'.repeat(64);
const next = (digit: string): string => digit.repeat(64);

/** Plays events; answers the session after them and the effects of the last. */
function play(start: Session, ...events: readonly SessionEvent[]): [Session, readonly SessionEffect[]] {
  let session = start;
  let effects: readonly SessionEffect[] = [];
  for (const event of events) [session, effects] = stepSession(session, event);
  return [session, effects];
}

const start: SessionEvent = { kind: 'start' };
const due: SessionEvent = { kind: 'due' };
const hello = (ticket: string, end = 10_000, broken?: Broken): SessionEvent => ({
  kind: 'hello',
  ticket,
  kept: { start: 0, end, ...(broken === undefined ? {} : { broken }) },
});
const closed = (reachable = false): SessionEvent => ({ kind: 'closed', reachable, dice: 1 });
const output = (offset: number, length: number): SessionEvent => ({ kind: 'output', offset, length });

describe("the page's connection", () => {
  it('connects with its ticket, keeps the next one, and asks for what the server finds right', () => {
    expect(play(newSession({ ticket: link }), start)[1]).toEqual([{ kind: 'connect', ticket: link }]);
    const [, effects] = play(newSession({ ticket: link }), start, hello(next('b'), 900));
    expect(effects).toEqual([
      { kind: 'keep', ticket: next('b'), from: undefined },
      { kind: 'past', until: 900 },
      { kind: 'watch', from: undefined },
    ]);
  });

  it('comes back with the newest ticket, from the byte where it was cut off', () => {
    const [lost, waits] = play(
      newSession({ ticket: link }),
      start,
      hello(next('b')),
      output(500, 40),
      closed(),
    );
    expect(waits).toEqual([{ kind: 'wait', ms: 500 }]);
    expect(play(lost, due)[1]).toEqual([{ kind: 'connect', ticket: next('b') }]);
    expect(play(lost, due, hello(next('d')))[1]).toContainEqual({ kind: 'watch', from: 540 });
  });

  it('goes back with a record that lost its end, also one that has grown past it again, and says so', () => {
    const old = { offset: 100, at: 1 };
    const shown = play(newSession({ ticket: link }), start, hello(next('b'), 600, old), output(500, 40))[0];
    const back = (end: number, broken: Broken) =>
      play(shown, closed(), due, hello(next('c'), end, broken))[1].slice(2);
    expect(back(900, old)).toEqual([{ kind: 'watch', from: 540 }]);
    expect(back(900, { offset: 540, at: 2 })).toEqual([{ kind: 'watch', from: 540 }]);
    expect(back(520, { offset: 520, at: 2 })).toEqual([{ kind: 'rewound' }, { kind: 'watch', from: 520 }]);
    expect(back(900, { offset: 520, at: 2 })).toEqual([{ kind: 'rewound' }, { kind: 'watch', from: 520 }]);
    expect(back(0, old)).toEqual([{ kind: 'rewound' }, { kind: 'watch', from: 0 }]);
    const [, writes] = play(
      shown,
      closed(),
      due,
      hello(next('c'), 900, { ...old, offset: 520 }),
      output(520, 30),
    );
    expect(writes).toEqual([{ kind: 'write', skip: 0, missing: 0 }]);
  });

  it('after a reload shows the record from where it did before', () => {
    const [, effects] = play(newSession({ ticket: link, from: 500 }), start, hello(next('b')));
    expect(effects).toContainEqual({ kind: 'watch', from: 500 });
    const [, kept] = play(newSession({ ticket: link }), start, hello(next('b')), output(500, 40));
    expect(kept).toEqual([
      { kind: 'keep', ticket: next('b'), from: 500 },
      { kind: 'write', skip: 0, missing: 0 },
    ]);
  });

  it('waits longer and longer, at most half a minute, and not in step with other pages', () => {
    expect([0, 1, 2, 3, 6, 50].map((failures) => pauseBefore(failures, 1))).toEqual([
      500, 1000, 2000, 4000, 30_000, 30_000,
    ]);
    expect(pauseBefore(6, 0)).toBe(22_500);
  });

  it('does not give up while the server is not there', () => {
    let session = play(newSession({ ticket: link }), start, hello(next('b')), closed())[0];
    for (let tries = 0; tries < 50; tries += 1) session = play(session, due, closed())[0];
    expect(session).toMatchObject({ phase: 'waiting', ticket: next('b') });
  });

  it('believes a server that refuses a new link at once, and a kept ticket after four times', () => {
    const refused = play(newSession({ ticket: link }), start, closed(true));
    expect(refused[0]).toMatchObject({ phase: 'over', ticket: undefined });
    expect(refused[0].text).toContain('used already');
    expect(refused[1]).toEqual([{ kind: 'forget' }]);
    let session = play(newSession({ ticket: link }), start, hello(next('b')), closed())[0];
    const phases = [1, 2, 3, 4].map(() => {
      session = play(session, due, closed(true))[0];
      return session.phase;
    });
    expect(phases).toEqual(['waiting', 'waiting', 'waiting', 'over']);
    expect(session.text).toContain('Take a new link');
  });

  it('stays away after a last word, and comes back after another', () => {
    const open = play(newSession({ ticket: link }), start, hello(next('b')))[0];
    const [over] = play(open, { kind: 'bye', text: 'idle', final: true }, closed(), due);
    expect(over).toMatchObject({ phase: 'over', text: 'idle' });
    const [again] = play(open, { kind: 'bye', text: 'restart', final: false }, closed());
    expect(again).toMatchObject({ phase: 'waiting', text: 'restart' });
    expect(play(again, due, hello(next('c')))[0].text).toBeUndefined();
  });

  it('says what to do without a link', () => {
    expect(play(newSession({ ticket: undefined }), start)[0]).toMatchObject({ phase: 'over', text: noLink });
  });

  it('asks for older output, and still wants it after a loss in between', () => {
    const open = play(newSession({ ticket: link }), start, hello(next('b')), output(500, 40))[0];
    const [asked, effects] = play(open, { kind: 'show-from', from: 100 });
    expect(effects).toEqual([{ kind: 'clear' }, { kind: 'watch', from: 100 }]);
    expect(play(asked, output(540, 10))[1]).toEqual([]);
    expect(play(asked, { kind: 'show-from', from: 50 })).toEqual([asked, []]);
    expect(play(asked, closed(), due, hello(next('c')))[1]).toContainEqual({ kind: 'watch', from: 100 });
  });
});
