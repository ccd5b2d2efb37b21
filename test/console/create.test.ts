import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { consoleLimits } from '../../src/console/consoles.ts';
import { ConsoleError } from '../../src/console/errors.ts';
import { joinMachines } from '../../src/console/join-machines.ts';
import { sweepRecords } from '../../src/console/sweep.ts';
import { startOffset } from '../../src/console/viewer/feed.ts';
import { caller, fakeMachine, openRoom, type Room, settle } from './viewer-world.ts';

let room: Room;
beforeEach(async () => {
  room = await openRoom();
});
afterEach(() => room.close());

const run = { uuid: 'a'.repeat(32), kind: 'install', stage: 'powering', startedAt: 1 } as const;
const uuidOf = () => room.machine.subject.uuid;

async function textOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += Buffer.from(piece).toString();
  return text;
}

describe('links', () => {
  it('are for machines that exist', async () => {
    await expect(room.consoles.request('vm', uuidOf(), caller(), { viewOnly: false })).rejects.toMatchObject({
      code: 'not-found',
      data: { kind: 'vm' },
    });
    const { ticket } = await room.consoles.request('chassis', uuidOf(), caller(), { viewOnly: false });
    room.machine.exists = false;
    await expect(room.consoles.open(ticket)).rejects.toMatchObject({ code: 'not-found' });
    expect(await room.consoles.open(ticket)).toBeUndefined();
  });

  it('of a screen need one, and open it once', async () => {
    const ask = () => room.consoles.requestScreen('chassis', uuidOf(), caller(), { viewOnly: true });
    await expect(ask()).rejects.toMatchObject({ code: 'unavailable' });
    room.machine.screen = true;
    const { ticket } = await ask();
    expect(await room.consoles.open(ticket)).toBeUndefined();
    const opened = await room.consoles.openScreen(ticket);
    expect(opened?.stream).toMatchObject({ viewOnly: true });
    expect(await room.consoles.openScreen(ticket)).toBeUndefined();
  });

  it('are refused while too many look', async () => {
    await room.close();
    room = await openRoom({ maxViewers: 2 });
    const waiting = await room.consoles.request('chassis', uuidOf(), caller(), { viewOnly: false });
    const viewers = [await room.view(), await room.view()];
    await expect(room.view()).rejects.toMatchObject({ code: 'refused' });
    await expect(room.consoles.open(waiting.ticket)).rejects.toMatchObject({ code: 'refused' });
    viewers[0]?.hangUp();
    expect((await room.view()).of('hello')).toHaveLength(1);
  });

  it('opened at once do not get past the limit', async () => {
    await room.close();
    room = await openRoom({ maxViewers: 1 });
    const links = await Promise.all(
      [1, 2, 3].map(() => room.consoles.request('chassis', uuidOf(), caller(), { viewOnly: false })),
    );
    const ends = await Promise.allSettled(links.map(({ ticket }) => room.consoles.open(ticket)));
    expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected']);
  });
});

describe('coming back', () => {
  it('after a loss goes on where it was, by a ticket that is good once', async () => {
    const first = await room.view();
    first.say({ type: 'watch' });
    await settle();
    room.machine.print('before ');
    await settle();
    first.hangUp();
    room.machine.print('meanwhile');
    const { resume = '' } = first.of('hello')[0] ?? {};
    const second = await room.enter(resume);
    second.say({ type: 'watch', from: 7 });
    await settle();
    expect(second.output()).toEqual([{ offset: 7, text: 'meanwhile' }]);
    await expect(room.enter(resume)).rejects.toThrow('opened nothing');
    expect(room.machine.lineCount).toBe(1);
  });

  it('while the old viewer is still there replaces it', async () => {
    const first = await room.view();
    const second = await room.enter(first.of('hello')[0]?.resume ?? '');
    expect(first.of('bye')).toMatchObject([{ text: 'this console was opened again', final: true }]);
    expect(second.of('viewers').at(-1)?.viewers).toHaveLength(1);
  });
});

describe('what ends a viewer', () => {
  it.each(['session', 'account'] as const)('the end of its %s, which no other one feels', async (what) => {
    room.machine.screen = true;
    const own = caller();
    const [mine, other] = [await room.view(own), await room.view()];
    const link = await room.consoles.request('chassis', uuidOf(), own, { viewOnly: false });
    mine.say({ type: 'open-screen', request: 1 });
    await settle();
    const screen = await room.consoles.openScreen(mine.of('screen-ticket')[0]?.ticket ?? '');
    if (what === 'session') room.consoles.revokeSession(own.sessionUuid);
    else room.consoles.revokeAccount(own.accountUuid);
    expect(mine.of('bye')).toMatchObject([{ final: true }]);
    expect([screen?.stream.destroyed, other.closed]).toEqual([true, undefined]);
    expect(await room.consoles.open(link.ticket)).toBeUndefined();
    expect(await room.consoles.open(mine.of('hello')[0]?.resume ?? '')).toBeUndefined();
  });

  it('a machine that its account may not see any more, and no other machine or account', async () => {
    const [guest, admin] = [caller(), caller()];
    const [theirs, other] = [await room.view(guest), await room.view(admin)];
    const link = await room.consoles.request('chassis', uuidOf(), guest, { viewOnly: false });
    const asked: string[] = [];
    const isAdmin = async (account: string) => {
      asked.push(account);
      return account === admin.accountUuid;
    };
    await room.consoles.revokeUnseen(['f'.repeat(32)], isAdmin);
    expect([asked, theirs.closed]).toEqual([[], undefined]);
    await room.consoles.revokeUnseen(['f'.repeat(32), uuidOf()], isAdmin);
    expect(new Set(asked)).toEqual(new Set([guest.accountUuid, admin.accountUuid]));
    expect([theirs.of('bye'), other.of('bye')]).toMatchObject([[{ final: true }], []]);
    expect(await room.consoles.open(link.ticket)).toBeUndefined();
    await room.consoles.revokeUnseen([uuidOf()], () => Promise.reject(new Error('the disk is gone')));
    expect(other.of('bye')).toHaveLength(1);
  });

  it('a revocation between the ticket and the first word', async () => {
    const own = caller();
    const { ticket } = await room.consoles.request('chassis', uuidOf(), own, { viewOnly: false });
    const opening = room.consoles.open(ticket);
    room.consoles.revokeSession(own.sessionUuid);
    const opened = await opening;
    const words: string[] = [];
    opened?.attach(
      { send: async (frame) => void words.push(String(frame)), receive() {}, close() {} },
      '192.0.2.9',
    );
    await settle();
    expect(words.map((text) => (JSON.parse(text) as { type: string }).type)).toContain('bye');
    expect(words.at(-1)).toContain('bye');
  });

  it('the end of the machine, with whom the record goes', async () => {
    const viewer = await room.view();
    viewer.say({ type: 'watch' });
    await settle();
    room.machine.print('secrets');
    await settle();
    await room.consoles.forget('chassis', uuidOf());
    expect(viewer.of('bye')).toMatchObject([{ final: true }]);
    expect(existsSync(join(room.directory, 'chassis', uuidOf()))).toBe(false);
    expect([room.machine.lineCount, await room.consoles.tail('chassis', uuidOf(), 5)]).toEqual([
      0,
      undefined,
    ]);
  });

  it('the end of the machine, also when its record cannot be removed', async () => {
    const place = join(room.directory, 'chassis', uuidOf());
    mkdirSync(join(room.directory, 'chassis'), { recursive: true });
    writeFileSync(place, 'a file where a directory should be');
    await room.consoles.forget('chassis', uuidOf());
    expect(room.log.lines.join()).toContain('was not removed; the next start tries again');
  });

  it('the end of the server, which tells it to come back', async () => {
    const viewer = await room.view();
    await room.consoles.close();
    await room.consoles.close();
    expect(viewer.of('bye')).toMatchObject([{ final: false }]);
    await expect(room.view()).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('the record', () => {
  it('has every run, without a viewer, between its begin and its end', async () => {
    room.machine.view = { ...room.machine.view, run };
    room.machine.changed();
    await settle();
    expect(room.machine.lineCount).toBe(1);
    room.machine.print('installing\r\n\u001b[1mdone\u001b[0m\r\n');
    await settle();
    room.machine.view = { ...room.machine.view, run: { ...run, endedAt: 2, cause: 'no disk' } };
    room.machine.changed();
    await settle();
    room.pass(30_000);
    await settle();
    expect(room.machine.lineCount).toBe(0);

    const late = await room.view();
    late.say({ type: 'watch' });
    await settle();
    const marks = late.of('mark').filter(({ kind }) => kind.startsWith('run-'));
    expect(marks.map(({ kind, text }) => [kind, text])).toEqual([
      ['run-begin', `install ${run.uuid}`],
      ['run-end', `install ${run.uuid}: no disk`],
    ]);
    expect(late.output()[0]?.text).toContain('installing');
    expect(await room.consoles.tail('chassis', uuidOf(), 1)).toBe('done');
    expect(await textOf(await room.consoles.log('chassis', uuidOf(), 4))).toContain('alling');
  });

  it('of runs that nobody looks at costs no reading of timelines, and who comes sees it whole', async () => {
    room.machine.view = { ...room.machine.view, run };
    room.machine.lines = [{ at: 1, step: 'power', text: 'switched on' }];
    for (let step = 0; step < 5; step += 1) {
      room.machine.changed();
      await settle();
    }
    expect([room.machine.lineCount, room.machine.timelines]).toEqual([1, 0]);
    const viewers = [await room.view(), await room.view()];
    expect(room.machine.timelines).toBe(1);
    for (const viewer of viewers) {
      expect(viewer.of('timeline')).toMatchObject([{ reset: true, lines: [{ step: 'power' }] }]);
      viewer.hangUp();
    }
    room.machine.lines.push({ at: 2, step: 'dhcp', text: 'asked' });
    room.machine.changed();
    await settle();
    expect(room.machine.timelines).toBe(1);
    const late = await room.view();
    expect(late.of('timeline')).toMatchObject([
      { reset: true, lines: [{ step: 'power' }, { step: 'dhcp' }] },
    ]);
  });

  it('is tried for at once when somebody comes to a run whose line does not open', async () => {
    room.machine.lineFault = new ConsoleError('failed', 'no answer');
    room.machine.view = { ...room.machine.view, run };
    room.machine.changed();
    await settle();
    for (let minutes = 0; minutes < 60; minutes += 1) {
      room.pass(60_000);
      await settle();
    }
    const before = room.machine.lineTries;
    room.pass(60_000);
    await settle();
    expect(room.machine.lineTries).toBe(before);
    room.machine.lineFault = undefined;
    const viewer = await room.view();
    viewer.say({ type: 'watch' });
    await settle();
    expect(room.machine.lineTries).toBe(before + 1);
    expect(viewer.of('serial').at(-1)?.serial).toMatchObject({ state: 'open' });
  });

  it('shows nothing of an earlier run as the newest lines of a later one', async () => {
    room.machine.view = { ...room.machine.view, run };
    room.machine.changed();
    await settle();
    room.machine.print('Kernel panic - not syncing\r\n');
    await settle();
    await room.consoles.close();
    const later = { ...run, uuid: 'b'.repeat(32) };
    room.machine.view = { ...room.machine.view, run: later };
    const again = room.reopen();
    // Nobody listens yet: not even silence is known.
    expect(await again.tail('chassis', uuidOf(), 200)).toBeUndefined();
    again.changed('chassis', uuidOf());
    await settle();
    expect(await again.tail('chassis', uuidOf(), 200)).toBe('');
    room.machine.print('PXE-E61\r\n');
    await settle();
    expect(await again.tail('chassis', uuidOf(), 200)).toBe('PXE-E61');
    await again.close();
  });

  it('goes at a start when its machine went before, and only then', async () => {
    const gone = join(room.directory, 'chassis', 'd'.repeat(32));
    const [vm, kept, other] = [
      join(room.directory, 'vm', 'e'.repeat(32)),
      join(room.directory, 'chassis', uuidOf()),
      join(room.directory, 'vm', 'notes'),
    ];
    for (const place of [gone, vm, kept, other]) {
      mkdirSync(place, { recursive: true });
      writeFileSync(join(place, '0000000000000000.log'), 'printed');
    }
    await room.consoles.sweep();
    expect([gone, vm, kept, other].map((place) => existsSync(place))).toEqual([false, false, true, true]);
    expect(await room.consoles.tail('chassis', uuidOf(), 1)).toBe('printed');
  });

  it('stays when nobody can say whether its machine is there', async () => {
    const directory = join(room.directory, 'elsewhere');
    const place = join(directory, 'vm', 'e'.repeat(32));
    mkdirSync(place, { recursive: true });
    const forgotten: string[] = [];
    await sweepRecords({
      directory,
      machines: { subject: () => Promise.reject(new Error('the database is locked')) },
      forget: async (_kind, one) => void forgotten.push(one),
      log: room.log,
    });
    expect(forgotten).toEqual([]);
    await sweepRecords({
      directory,
      machines: { subject: async () => undefined },
      forget: async (kind, one) => void forgotten.push(`${kind}/${one}`),
      log: room.log,
    });
    expect(forgotten).toEqual([`vm/${'e'.repeat(32)}`]);
  });

  it('marks the begin of a run once, also over a restart', async () => {
    room.machine.view = { ...room.machine.view, run };
    room.machine.changed();
    await settle();
    room.machine.print('first half');
    await settle();
    await room.consoles.close();
    const again = room.reopen();
    again.changed('chassis', uuidOf());
    await settle();
    expect(room.machine.lineCount).toBe(1);
    const { ticket } = await again.request('chassis', uuidOf(), caller(), { viewOnly: false });
    const opened = await again.open(ticket);
    const words: string[] = [];
    opened?.attach(
      {
        send: async (frame) => void (typeof frame === 'string' && words.push(frame)),
        receive: ({ frame }) => frame('{"type":"watch","from":0}'),
        close() {},
      },
      '192.0.2.9',
    );
    await settle();
    expect(words.filter((text) => text.includes('run-begin'))).toHaveLength(1);
    await again.close();
  });

  it('is left alone by runs when the configuration says so', async () => {
    await room.close();
    room = await openRoom({ recordRuns: false });
    room.machine.view = { ...room.machine.view, run };
    room.machine.changed();
    await settle();
    expect(room.machine.lineCount).toBe(0);
    await expect(room.consoles.log('chassis', uuidOf(), undefined)).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  it('follows a serial line that comes and goes', async () => {
    room.machine.serial = { yes: false, text: 'the VM is off' };
    const viewer = await room.view();
    viewer.say({ type: 'watch' });
    await settle();
    expect(viewer.of('serial').at(-1)?.serial).toEqual({ state: 'none', text: 'the VM is off' });
    expect(room.machine.lineCount).toBe(0);
    room.machine.serial = { yes: true };
    room.machine.changed();
    await settle();
    expect(viewer.of('serial').at(-1)?.serial).toMatchObject({ state: 'open' });
  });
});

describe('screenshots', () => {
  it('are taken one at a time, which those who ask meanwhile share', async () => {
    room.machine.screen = true;
    const [a, b] = await Promise.all([1, 2].map(() => room.consoles.screenshot('chassis', uuidOf())));
    const later = await room.consoles.screenshot('chassis', uuidOf());
    expect([a?.png[0], b?.png[0], later.png[0], room.shots.taken]).toEqual([1, 1, 2, 2]);
  });

  it('need a screen', async () => {
    await expect(room.consoles.screenshot('chassis', uuidOf())).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});

describe('chassis and VMs together', () => {
  it('are asked of the side that has them, and both are watched', async () => {
    const [chassis, vm] = [fakeMachine('chassis'), fakeMachine('vm')];
    const joined = joinMachines({ chassis: chassis.machines, vm: vm.machines });
    vm.machine.screen = true;
    const { subject } = vm.machine;
    expect(await joined.subject('vm', subject.uuid)).toBe(subject);
    expect(await joined.subject('chassis', subject.uuid)).toBeUndefined();
    expect([await joined.hasScreen(subject), await joined.hasScreen(chassis.machine.subject)]).toEqual([
      true,
      false,
    ]);
    const seen: string[] = [];
    const stop = joined.watch(({ kind }) => void seen.push(kind));
    vm.machine.changed();
    chassis.machine.changed();
    stop();
    vm.machine.changed();
    expect(seen).toEqual(['vm', 'chassis']);
  });
});

describe('where a viewer begins', () => {
  const mib = 1024 * 1024;
  it.each([
    ['at the run', { start: 0, end: 3 * mib, runStart: mib }, undefined, mib],
    [
      'near the end after a long run',
      { start: 0, end: 9 * mib, runStart: mib },
      undefined,
      9 * mib - 262_144,
    ],
    ['near the end without a run', { start: 0, end: mib, runStart: undefined }, undefined, mib - 262_144],
    ['at what is kept', { start: 50, end: 100, runStart: undefined }, undefined, 50],
    ['where it says', { start: 50, end: 100, runStart: undefined }, 70, 70],
    ['at the end, from beyond it', { start: 50, end: 100, runStart: undefined }, 700, 100],
  ])('%s', (_where, kept, from, begins) => {
    expect(startOffset(kept, from)).toBe(begins);
  });
});

it('has limits that the documentation names', () => {
  expect(consoleLimits).toEqual({
    maxViewers: 100,
    idleMs: 3_600_000,
    recordRuns: true,
    recordBytes: 67_108_864,
  });
});
