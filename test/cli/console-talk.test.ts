import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atMachine, type KeyAct, type KeyState, parseEscape, stepKeys } from '../../src/cli/console/keys.ts';
import { createTalk, type TalkOptions } from '../../src/cli/console/talk.ts';
import type { MachineView, ServerMessage, Viewer } from '../../src/console/protocol.ts';
import { cases } from '../support/cases.ts';

const escape = parseEscape('^]');
const [me, eve]: Viewer[] = [
  { id: 'a1', name: 'me' },
  { id: 'b2', name: 'eve' },
];
const machine: MachineView = { kind: 'vm', uuid: 'b', name: 'web', status: 'Running', power: 'on' };
const hello: ServerMessage = {
  type: 'hello',
  version: 1,
  you: me as Viewer,
  machine,
  mayType: true,
  mayAct: true,
  resume: '',
  kept: { start: 10, end: 30 },
};
const viewers = (writer?: Viewer): ServerMessage => ({
  type: 'viewers',
  viewers: [me as Viewer, eve as Viewer],
  ...(writer === undefined ? {} : { writer: writer.id }),
});
const talkOf = (change: Partial<TalkOptions> = {}) =>
  createTalk({
    escape,
    isInteractive: true,
    wantsKeyboard: true,
    takeOver: false,
    from: undefined,
    ...change,
  });

describe('keys', () => {
  /** What was typed, as one text, and the rest. */
  function play(pieces: readonly Uint8Array[], byte: number | undefined) {
    let state: KeyState = atMachine;
    const typed: number[] = [];
    const others: KeyAct[] = [];
    for (const piece of pieces) {
      const [next, acts] = stepKeys(state, piece, byte);
      state = next;
      for (const act of acts) {
        if (act.kind === 'type') typed.push(...act.bytes);
        else others.push(act);
      }
    }
    return { typed, others, state };
  }

  it('mean the same in pieces of any size, and without an escape character they are all typed', () => {
    const keys = fc.array(fc.constantFrom(0x1d, 0x61, 0x70, 0x66, 0x79, 0x71, 0x00, 0xff), { maxLength: 12 });
    fc.assert(
      fc.property(keys, (bytes) => {
        const whole = Uint8Array.from(bytes);
        const single = bytes.map((byte) => Uint8Array.of(byte));
        expect(play(single, 0x1d)).toEqual(play([whole], 0x1d));
        expect(play([whole], undefined).typed).toEqual(bytes);
      }),
      { numRuns: cases(10_000) },
    );
  });

  it.each([
    ['^]', 0x1d],
    ['^a', 1],
    ['^@', 0],
    ['~', 0x7e],
    ['none', undefined],
  ])('have %s as their escape character', (text, byte) => {
    expect(parseEscape(text).byte).toBe(byte);
  });
});

describe('a talk', () => {
  it('takes the keyboard that lies there, once, and leaves it to whoever has it', () => {
    const free = talkOf();
    free.heard(hello, undefined);
    expect(free.heard(viewers(), undefined).send).toEqual([{ type: 'ask-write' }]);
    free.heard(viewers(me), undefined);
    expect(free.heard(viewers(), undefined)).toEqual({
      send: [],
      tell: ['nobody has the keyboard now; ^] w takes it'],
    });
    const taken = talkOf();
    taken.heard(hello, undefined);
    expect(taken.heard(viewers(eve), undefined)).toEqual({
      send: [],
      tell: ['eve has the keyboard; ^] w asks for it'],
    });
    expect(taken.act({ kind: 'hand-over' }).tell).toEqual(['you do not have the keyboard']);
  });

  it('hints once that nothing is typed, and never asks for those who only look', () => {
    const looking = talkOf({ wantsKeyboard: false });
    looking.heard(hello, undefined);
    expect(looking.heard(viewers(), undefined)).toEqual({ send: [], tell: [] });
    expect(looking.typedWithout()).toMatchObject({
      keep: false,
      send: [],
      tell: [expect.stringContaining('looking')],
    });
    expect(looking.typedWithout().tell).toEqual([]);
  });

  it('goes on after a loss where it was, and begins anew with the keyboard', () => {
    const talk = talkOf({ from: 'run' });
    expect(talk.heard(hello, undefined).send).toEqual([{ type: 'watch', from: 10 }]);
    talk.heard(viewers(me), undefined);
    expect(talk.heard(hello, 25)).toEqual({ send: [{ type: 'watch', from: 25 }], tell: ['connected again'] });
    expect(talk.mayType()).toBe(false);
    expect(talk.heard(viewers(), undefined).send).toEqual([{ type: 'ask-write' }]);
  });

  it('tells of the machine what changed, not every step of a run', () => {
    const talk = talkOf();
    talk.heard(hello, undefined);
    const run = { uuid: 'r', kind: 'install', stage: 'working', startedAt: 0 } as const;
    expect(talk.heard({ type: 'machine', machine: { ...machine, run } }, undefined).tell).toEqual([]);
    const failed = { ...machine, run: { ...run, stage: 'failed', cause: 'no DHCP' } };
    expect(talk.heard({ type: 'machine', machine: failed }, undefined).tell).toEqual([
      'why it failed: no DHCP',
    ]);
    const off = { ...failed, power: 'off' } as const;
    expect(talk.heard({ type: 'machine', machine: off }, undefined).tell).toEqual([
      'web is Running, power off',
    ]);
  });

  it('tells the end of what it asked for, and refusals of what was typed', () => {
    const talk = talkOf();
    talk.heard(hello, undefined);
    const [asked] = talk.act({ kind: 'power', action: 'reset' }).send;
    expect(asked).toEqual({ type: 'power', request: 1, action: 'reset' });
    expect(talk.heard({ type: 'done', request: 1, error: 'no' }, undefined).tell).toEqual([
      'power reset: no',
    ]);
    expect(talk.heard({ type: 'done', request: 0, error: 'too much' }, undefined).tell).toEqual(['too much']);
  });

  it('tells of a loss once, and of an older one where it was', () => {
    const talk = talkOf();
    talk.heard(hello, undefined);
    const text = 'the BMC is silent';
    const mark = { type: 'mark', offset: 20, at: 1, kind: 'detached', text } as const;
    expect(talk.heard(mark, undefined).tell).toEqual([`the console was disconnected: ${text}`]);
    expect(talk.heard({ type: 'serial', serial: { state: 'lost', text } }, undefined).tell).toHaveLength(1);
    expect(talk.heard({ ...mark, at: 2 }, undefined).tell).toEqual([]);
    talk.heard({ type: 'serial', serial: { state: 'idle' } }, undefined);
    // Again after coming back to the same place, and another one.
    expect(talk.heard(mark, undefined).tell).toEqual([]);
    expect(talk.heard({ ...mark, offset: 21 }, undefined).tell).toHaveLength(1);
    expect(talk.heard({ ...mark, kind: 'attached' }, undefined).tell).toEqual([
      `the console is connected: ${text}`,
    ]);
  });
});
