import { describe, expect, it } from 'vitest';
import type { MachineView, RunView, ServerMessage } from '../../src/console/protocol.ts';
import {
  answered,
  applyMessage,
  causeOf,
  choose,
  emptyModel,
  keyboardOf,
  type Model,
  shownView,
} from '../../web/state/model.ts';
import { storyOf } from '../../web/state/story.ts';

const anna = { id: 'v1', name: 'anna' };
const ben = { id: 'v2', name: 'ben' };
const machine: MachineView = {
  kind: 'chassis',
  uuid: 'u',
  name: 'node',
  status: 'Provisioning',
  power: 'on',
};
const run = (uuid: string, more: Partial<RunView> = {}): RunView => ({
  uuid,
  kind: 'install',
  stage: 'boot',
  startedAt: 1000,
  ...more,
});
const hello: ServerMessage = {
  type: 'hello',
  version: 1,
  you: anna,
  machine,
  mayType: true,
  mayAct: true,
  resume: 'r',
  kept: { start: 0, end: 10 },
};
const open: ServerMessage = { type: 'serial', serial: { state: 'open', typing: true, canBreak: false } };
const after = (...messages: readonly ServerMessage[]): Model =>
  messages.reduce((model, message) => applyMessage(model, message, 5000), emptyModel);
const viewers = (writer?: string): ServerMessage => ({
  type: 'viewers',
  viewers: [anna, ben],
  ...(writer === undefined ? {} : { writer }),
});

describe('what the page knows', () => {
  it('tells who may type, from our seat', () => {
    expect(keyboardOf(emptyModel)).toBe('cut-off');
    expect(keyboardOf(after(hello))).toBe('closed');
    expect(keyboardOf(after(hello, open))).toBe('free');
    expect(keyboardOf(after(hello, open, viewers('v1')))).toBe('mine');
    expect(keyboardOf(after(hello, open, viewers('v2')))).toBe('other');
    expect(keyboardOf(after({ ...hello, mayType: false }, open))).toBe('view-only');
    const deaf: ServerMessage = { type: 'serial', serial: { state: 'open', typing: false, canBreak: false } };
    expect(keyboardOf(after(hello, deaf, viewers('v1')))).toBe('closed');
  });

  it('knows who asks for the keyboard until it is answered or gone', () => {
    const asked = after(hello, open, viewers('v1'), { type: 'write-asked', by: ben, seconds: 20 });
    expect(asked.asked).toEqual({ by: ben, until: 25_000 });
    expect(answered(asked).asked).toBeUndefined();
    expect(applyMessage(asked, viewers('v2'), 0).asked).toBeUndefined();
    expect(applyMessage(asked, viewers('v1'), 0).asked).toEqual(asked.asked);
    expect(applyMessage(asked, hello, 0)).not.toHaveProperty('asked');
  });

  it('shows the screen while there is one, unless another was chosen, until a new run', () => {
    const screen = (available: boolean): ServerMessage => ({ type: 'screen', available });
    const first = after({ ...hello, machine: { ...machine, run: run('a') } });
    expect(shownView(first)).toBe('serial');
    const there = applyMessage(first, screen(true), 0);
    expect(shownView(there)).toBe('screen');
    const chosen = choose(there, 'serial');
    expect(shownView(chosen)).toBe('serial');
    expect(shownView(applyMessage(choose(there, 'screen'), screen(false), 0))).toBe('serial');
    const again = applyMessage(chosen, { type: 'machine', machine: { ...machine, run: run('b') } }, 0);
    expect(shownView(again)).toBe('screen');
  });

  it('has the lines of the newest run only, whichever of run and lines is told first', () => {
    const lines = (runUuid: string, reset: boolean, ...texts: string[]): ServerMessage => ({
      type: 'timeline',
      runUuid,
      reset,
      lines: texts.map((text) => ({ at: 1, step: 's', text })),
    });
    const texts = (model: Model): string[] => model.timeline.map(({ text }) => text);
    const newRun: ServerMessage = { type: 'machine', machine: { ...machine, run: run('b') } };
    const first = after({ ...hello, machine: { ...machine, run: run('a') } }, lines('a', true, 'one'));
    const more = applyMessage(first, lines('a', false, 'two'), 0);
    expect(texts(more)).toEqual(['one', 'two']);
    expect(texts(applyMessage(more, newRun, 0))).toEqual([]);
    const early = applyMessage(more, lines('b', true, 'new'), 0);
    expect(texts(applyMessage(early, newRun, 0))).toEqual(['new']);
    expect(texts(applyMessage(more, lines('b', false, 'new'), 0))).toEqual(['new']);
  });

  it('has each mark once, also after a re-read', () => {
    const mark: ServerMessage = { type: 'mark', offset: 5, at: 2000, kind: 'gap', text: 'lost' };
    expect(after(hello, mark, mark).marks).toEqual([mark]);
  });

  it('tells the story: lines and marks by time, marks of this run only', () => {
    const model = after(
      { ...hello, machine: { ...machine, run: run('a', { cause: 'no disk' }) } },
      {
        type: 'timeline',
        runUuid: 'a',
        reset: true,
        lines: [
          { at: 1000, step: 'start', text: 'began' },
          ...['a', 'b', 'c'].map((text) => ({ at: 8000, step: 'console', text })),
          { at: 8500, step: 'screen', text: 'the screen as it was then: /v1/x/p.png', picture: 'p.png' },
          { at: 9000, step: 'failed', text: 'the console said last:\nline 1\nline 2\n', bytes: 7 },
        ],
      },
      { type: 'mark', offset: 1, at: 900, kind: 'attached' },
      { type: 'mark', offset: 5, at: 4000, kind: 'gap', text: '3 s' },
      { type: 'mark', offset: 6, at: 9500, kind: 'left', text: 'nobody watches any more' },
    );
    expect(causeOf(model)).toBe('no disk');
    expect(storyOf(model)).toMatchObject([
      { head: 'began', since: 0, tone: 'plain', extract: undefined },
      { head: 'console output may be missing here: 3 s', since: 3000, tone: 'note', offset: 5 },
      { head: 'newest lines of the console', extract: 'a\nb\nc', since: 7000, tone: 'plain' },
      { head: 'the screen as it was then', picture: 'p.png' },
      { head: 'the console said last:', extract: 'line 1\nline 2', since: 8000, tone: 'bad', bytes: 7 },
      { head: 'the server closed the console: nobody watches any more', tone: 'note' },
    ]);
  });
});
