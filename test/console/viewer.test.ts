import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConsoleError } from '../../src/console/errors.ts';
import { parseClientMessage } from '../../src/console/viewer/input.ts';
import { cases } from '../support/cases.ts';
import { caller, openRoom, type Room, settle } from './viewer-world.ts';

let room: Room;
beforeEach(async () => {
  room = await openRoom();
});
afterEach(() => room.close());

const run = { uuid: 'a'.repeat(32), kind: 'install', stage: 'powering', startedAt: 1 } as const;

describe('a viewer', () => {
  it('is greeted first, with who it is, what it may, and what is kept', async () => {
    const viewer = await room.view();
    expect(viewer.got[0]).toMatchObject({
      type: 'hello',
      version: 1,
      you: { name: 'admin (192.0.2.9)' },
      machine: { name: 'a chassis' },
      mayType: true,
      mayAct: true,
      resume: expect.stringMatching(/^[0-9a-f]{64}$/),
      kept: { start: 0, end: 0 },
    });
    expect(viewer.of('viewers').at(-1)?.viewers).toHaveLength(1);
    expect(room.machine.lineCount).toBe(0);
  });

  it('gets output in order with offsets and marks, from where it asks', async () => {
    const first = await room.view();
    first.say({ type: 'watch' });
    await settle();
    expect(room.machine.lineCount).toBe(1);
    room.machine.print('hello ');
    await settle();
    room.machine.print('world');
    await settle();
    expect(first.output()).toEqual([
      { offset: 0, text: 'hello ' },
      { offset: 6, text: 'world' },
    ]);
    const second = await room.view();
    second.say({ type: 'watch', from: 6 });
    await settle();
    expect(second.output()).toEqual([{ offset: 6, text: 'world' }]);
    expect(room.machine.lineCount).toBe(1);
  });

  it('is told changes of the machine at once and only new lines of the timeline', async () => {
    room.machine.view = { ...room.machine.view, run };
    room.machine.lines = [{ at: 1, step: 'power', text: 'switched on' }];
    const viewer = await room.view();
    room.machine.lines.push({ at: 2, step: 'dhcp', text: 'asked for an address' });
    room.machine.view = { ...room.machine.view, power: 'on' };
    room.machine.changed();
    await settle();
    expect(viewer.of('machine').at(-1)?.machine.power).toBe('on');
    expect(viewer.of('timeline').map(({ reset, lines }) => [reset, lines.map(({ step }) => step)])).toEqual([
      [true, ['power']],
      [false, ['dhcp']],
    ]);
  });

  it('types when it has the keyboard, which one has at a time and hands over', async () => {
    const [a, b] = [await room.view(caller({ name: 'a' })), await room.view(caller({ name: 'b' }))];
    const idOf = (viewer: typeof a) => viewer.of('hello')[0]?.you.id;
    for (const viewer of [a, b]) viewer.say({ type: 'watch' });
    await settle();
    a.say({ type: 'ask-write' });
    await settle();
    a.say(Buffer.from('ls\r'));
    b.say(Buffer.from('rm\r'));
    await settle();
    expect(room.machine.typed).toBe('ls\r');
    expect(b.of('done').at(-1)).toMatchObject({ request: 0, error: expect.stringContaining('keyboard') });
    b.say({ type: 'ask-write' });
    await settle();
    expect(a.of('write-asked')).toMatchObject([{ by: { id: idOf(b) }, seconds: 15 }]);
    a.say({ type: 'hand-over', to: idOf(b) });
    await settle();
    expect(a.of('viewers').at(-1)?.writer).toBe(idOf(b));
    b.hangUp();
    await settle();
    expect(a.of('viewers').at(-1)).toEqual({ type: 'viewers', viewers: [a.of('hello')[0]?.you] });
  });

  it('alone is told what waits of its typing, not those who look', async () => {
    const [writer, other] = [await room.view(), await room.view()];
    for (const viewer of [writer, other]) viewer.say({ type: 'watch' });
    await settle();
    writer.say({ type: 'ask-write' });
    await settle();
    const frames = other.frames;
    writer.say(Buffer.alloc(60_000, 'x'));
    await settle();
    expect(writer.of('typing').at(-1)?.waiting).toBeGreaterThan(50_000);
    expect([other.of('typing'), other.frames]).toEqual([[], frames]);
    writer.say({ type: 'hand-over' });
    await settle();
    expect(writer.of('typing').at(-1)).toEqual({ type: 'typing', waiting: 0 });
  });

  it('may only look when its link is view-only or its user an Auditor', async () => {
    room.machine.screen = true;
    for (const viewer of [await room.view(caller(), true), await room.view(caller({ mayAct: false }))]) {
      expect(viewer.of('hello')[0]).toMatchObject({ mayType: false, mayAct: false });
      viewer.say({ type: 'watch' });
      viewer.say({ type: 'ask-write' });
      viewer.say(Buffer.from('x'));
      viewer.say({ type: 'power', request: 1, action: 'off' });
      viewer.say({ type: 'break', request: 2 });
      viewer.say({ type: 'take-over', request: 3 });
      viewer.say({ type: 'open-screen', request: 4, viewOnly: false });
      await settle();
      expect(
        viewer.of('done').map(({ request, error }) => [request, error?.includes('looking only')]),
      ).toEqual(expect.arrayContaining([0, 1, 2, 3].map((request) => [request, true])));
      const { ticket = '' } = viewer.of('screen-ticket')[0] ?? {};
      expect((await room.consoles.openScreen(ticket))?.stream).toMatchObject({ viewOnly: true });
    }
    expect([room.machine.powered, room.machine.typed]).toEqual([[], '']);
  });

  it('without the right to the power types all the same', async () => {
    const viewer = await room.view(caller({ mayPower: false }));
    expect(viewer.of('hello')[0]).toMatchObject({ mayType: true, mayAct: false });
    viewer.say({ type: 'power', request: 1, action: 'on' });
    await settle();
    expect(viewer.of('done')[0]?.error).toContain('looking only');
  });

  it('switches the power, which is noted with its end before the viewer hears of it', async () => {
    const viewer = await room.view();
    viewer.say({ type: 'power', request: 7, action: 'reset' });
    await settle();
    room.machine.powerFault = new ConsoleError('failed', 'the BMC does not answer');
    viewer.say({ type: 'power', request: 8, action: 'off' });
    await settle();
    room.machine.powerFault = new TypeError('a fault of ours');
    viewer.say({ type: 'power', request: 9, action: 'on' });
    await settle();
    expect(room.machine.powered).toEqual(['reset']);
    expect(viewer.of('done').map(({ error }) => error)).toEqual([
      undefined,
      'the BMC does not answer',
      'the server could not do this; its log says why',
    ]);
    expect(room.notes.map(({ kind, error }) => [kind, error === undefined])).toEqual([
      ['power-reset', true],
      ['power-off', false],
      ['power-on', false],
    ]);
  });

  it('finds text in the record', async () => {
    const viewer = await room.view();
    viewer.say({ type: 'watch' });
    await settle();
    room.machine.print('one\r\nkernel panic\r\nthree\r\n');
    await settle();
    viewer.say({ type: 'search', request: 1, text: 'panic' });
    await expect.poll(() => viewer.of('found').length).toBe(1);
    expect(viewer.of('found')).toMatchObject([{ request: 1, hits: [{ line: 'kernel panic' }], more: false }]);
  });

  it('is told where a search goes on', async () => {
    const viewer = await room.view();
    viewer.say({ type: 'watch' });
    await settle();
    for (let n = 1; n <= 101; n += 1) room.machine.print(`hit ${n}\r\n`);
    await settle();
    viewer.say({ type: 'search', request: 1, text: 'HIT' });
    await expect.poll(() => viewer.of('found').length).toBe(1);
    const [first] = viewer.of('found');
    expect([first?.hits.length, first?.more]).toEqual([100, true]);
    viewer.say({ type: 'search', request: 2, text: 'HIT', before: first?.next });
    await expect.poll(() => viewer.of('found').length).toBe(2);
    expect(viewer.of('found')[1]).toEqual({
      type: 'found',
      request: 2,
      hits: [expect.objectContaining({ line: 'hit 1', offset: 0 })],
      more: false,
    });
  });

  it.each([
    ['no JSON', '{'],
    ['an unknown message', { type: 'format-disk' }],
    ['a member of the wrong type', { type: 'power', request: 1, action: 'explode' }],
    ['a text that is too long', { type: 'search', request: 1, text: 'x'.repeat(257) }],
    ['too many characters', new Uint8Array(65_537)],
  ])('is sent away for %s', async (_what, frame) => {
    const viewer = await room.view();
    viewer.say(frame);
    expect(viewer.of('bye')).toMatchObject([{ final: true }]);
    expect(viewer.closed).toBeDefined();
  });

  it('that says too much is sent away', async () => {
    const viewer = await room.view();
    for (let n = 0; n < 2001; n += 1) viewer.say({ type: 'keep-write' });
    expect(viewer.of('bye')).toMatchObject([{ text: 'too many messages at once', final: true }]);
  });
});

describe('a picture of the timeline', () => {
  const name = `${'a'.repeat(32)}-1.png`;

  it('comes to those who look only too, by its name alone', async () => {
    room.machine.pictures.set(name, Uint8Array.of(0x89, 0x50, 0x4e, 0x47));
    const viewer = await room.view(caller(), true);
    viewer.say({ type: 'picture', request: 7, name });
    await settle();
    expect(viewer.of('picture')).toEqual([{ type: 'picture', request: 7, png: 'iVBORw==' }]);
    viewer.say({ type: 'picture', request: 8, name: 'other.png' });
    await settle();
    expect(viewer.of('done')).toMatchObject([{ request: 8, error: expect.stringContaining('not kept') }]);
    viewer.say({ type: 'picture', request: 9, name: '../secrets.key' });
    expect(viewer.of('bye')).toMatchObject([{ final: true }]);
  });

  it('is one at a time, and none too large', async () => {
    room.machine.pictures.set(name, new Uint8Array(4 * 1024 * 1024));
    const viewer = await room.view();
    viewer.say({ type: 'picture', request: 1, name });
    viewer.say({ type: 'picture', request: 2, name });
    await settle();
    expect(viewer.of('done').map(({ request, error }) => [request, error?.split(';')[0]])).toEqual([
      [2, 'a picture is under way already'],
      [1, 'this picture is too large for the console'],
    ]);
    room.machine.pictures.set(name, new Uint8Array(3 * 1024 * 1024));
    viewer.reads = false;
    viewer.say({ type: 'picture', request: 3, name });
    await settle();
    viewer.say({ type: 'picture', request: 4, name });
    await settle();
    viewer.readAgain();
    await settle();
    expect(viewer.of('picture').map(({ request }) => request)).toEqual([3, 4]);
  });
});

describe('a slow viewer', () => {
  it('has one frame under way, and is dropped when it does not read for half a minute', async () => {
    const [slow, quick] = [await room.view(), await room.view()];
    for (const viewer of [slow, quick]) viewer.say({ type: 'watch' });
    await settle();
    slow.reads = false;
    room.machine.print('x');
    await settle();
    const sent = slow.frames;
    for (let n = 0; n < 20; n += 1) {
      room.machine.print('y'.repeat(10_000));
      await settle();
    }
    expect(slow.frames).toBe(sent);
    expect(quick.output().reduce((sum, { text }) => sum + text.length, 0)).toBe(200_001);
    room.pass(29_000);
    expect(slow.closed).toBeUndefined();
    room.pass(1000);
    expect([slow.closed, quick.closed]).toEqual(['nothing was read for half a minute', undefined]);
  });

  it('that reads again gets everything, in pieces of at most 32 KiB', async () => {
    const viewer = await room.view();
    viewer.say({ type: 'watch' });
    await settle();
    viewer.reads = false;
    const printed = Array.from({ length: 30 }, (_, n) => String(n).repeat(2500));
    for (const text of printed) room.machine.print(text);
    await settle();
    viewer.readAgain();
    await settle();
    const got = viewer.output();
    expect(got.map(({ text }) => text).join('')).toBe(printed.join(''));
    expect(Math.max(...got.map(({ text }) => text.length))).toBeLessThanOrEqual(32 * 1024);
    for (const [index, { offset, text }] of got.entries()) {
      expect(got[index + 1]?.offset ?? offset + text.length).toBe(offset + text.length);
    }
  });
});

describe('a viewer that does nothing', () => {
  it('leaves after an hour, for good; one that types stays', async () => {
    const [idle, busy] = [await room.view(), await room.view()];
    room.pass(3_000_000);
    busy.say({ type: 'ask-write' });
    room.pass(600_000);
    expect(idle.of('bye')).toMatchObject([{ final: true }]);
    expect(busy.closed).toBeUndefined();
    // Its page may be opened again for ten minutes.
    expect(await room.enter(idle.of('hello')[0]?.resume ?? '')).toMatchObject({ closed: undefined });
  });

  it('stays while a run is open, and an hour longer', async () => {
    room.machine.view = { ...room.machine.view, run };
    const viewer = await room.view();
    room.pass(7_200_000);
    expect(viewer.closed).toBeUndefined();
    room.machine.view = { ...room.machine.view, run: { ...run, endedAt: 2 } };
    room.machine.changed();
    await settle();
    room.pass(7_200_000);
    expect(viewer.of('bye')).toHaveLength(1);
  });
});

describe('messages of viewers', () => {
  it('are read or refused, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.object().map((value) => JSON.stringify(value)),
        ),
        (text) => {
          const message = parseClientMessage(text);
          expect(message === undefined || typeof message.type === 'string').toBe(true);
        },
      ),
      { numRuns: cases(20_000) },
    );
  });

  it('keep only what the protocol has', () => {
    expect(parseClientMessage('{"type":"watch","from":5,"evil":{"a":1}}')).toEqual({
      type: 'watch',
      from: 5,
    });
    expect(parseClientMessage('{"type":"watch","from":-1}')).toBeUndefined();
    expect(parseClientMessage('{"type":"watch","from":1e300}')).toBeUndefined();
    expect(parseClientMessage('{"type":"break"}')).toBeUndefined();
    expect(parseClientMessage('[]')).toBeUndefined();
    expect(parseClientMessage('null')).toBeUndefined();
  });
});
