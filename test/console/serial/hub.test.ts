import { expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../../src/base/log.ts';
import { openRecord } from '../../../src/console/record/record.ts';
import { createSerialHub } from '../../../src/console/serial/hub.ts';
import { scratchDirectory } from '../record/scratch-record.ts';
import { createFakeMachine } from './fake-machine.ts';
import { createVirtualClock, settle } from './virtual-clock.ts';

async function world() {
  const clock = createVirtualClock();
  const machine = createFakeMachine();
  const record = await openRecord({ directory: scratchDirectory(), clock, log: silentLog });
  const hub = createSerialHub({ record, open: machine.open, clock, log: silentLog });
  onTestFinished(async () => {
    await hub.close();
    await record.close();
  });
  const told = async (): Promise<readonly string[]> => {
    const { bytes, marks } = await record.read(0, 0, 100_000);
    return [Buffer.from(bytes).toString(), ...marks.map(({ offset, kind }) => `${offset} ${kind}`)];
  };
  return { clock, machine, record, hub, told };
}

const a = { id: 'a', name: 'ada' };
const b = { id: 'b', name: 'bob' };

it('opens nothing before a hold, one line for many holds, and lets it go 30 s behind the last', async () => {
  const { clock, machine, hub, told } = await world();
  expect(hub.state()).toEqual({ state: 'idle' });
  expect(machine.opened()).toBe(0);
  const releases = [hub.hold(), hub.hold(), hub.hold()];
  expect(hub.state()).toEqual({ state: 'opening' });
  await settle();
  expect(hub.state()).toEqual({ state: 'open', typing: true, canBreak: true });
  machine.print('hello');
  releases[0]?.();
  releases[0]?.();
  releases[1]?.();
  await clock.advance(120_000);
  expect(machine.isOpen()).toBe(true);
  releases[2]?.();
  await clock.advance(29_999);
  expect(machine.isOpen()).toBe(true);
  await clock.advance(1);
  expect(machine.isOpen()).toBe(false);
  expect(hub.state()).toEqual({ state: 'idle' });
  expect(machine.opened()).toBe(1);
  expect(await told()).toEqual(['hello', '0 attached', '5 left']);
});

it('a page that is loaded again does not end the session', async () => {
  const { clock, machine, hub } = await world();
  hub.hold()();
  await clock.advance(20_000);
  const release = hub.hold();
  await clock.advance(60_000);
  expect([machine.opened(), machine.isOpen()]).toEqual([1, true]);
  release();
});

it('tries again with growing pauses while somebody holds, and not otherwise', async () => {
  const { clock, machine, hub } = await world();
  machine.refusal = 'failed';
  const release = hub.hold();
  await settle();
  expect(hub.state()).toEqual({ state: 'lost', text: 'refused: failed' });
  const tries: number[] = [];
  for (const ms of [999, 1, 1999, 1, 5000, 10_000, 29_999, 1, 30_000]) {
    await clock.advance(ms);
    tries.push(machine.opened());
  }
  expect(tries).toEqual([1, 2, 2, 3, 4, 5, 5, 6, 7]);
  // Through hours of an installation, which are many logins to a BMC that logs each.
  await clock.advance(3_600_000);
  const before = machine.opened();
  await clock.advance(3_600_000);
  expect([before, machine.opened() - before]).toEqual([23, 4]);
  // Somebody who comes need not wait for that.
  hub.hold()();
  await settle();
  expect(machine.opened()).toBe(28);
  for (let reloads = 0; reloads < 50; reloads += 1) {
    hub.hold()();
    await clock.advance(100);
  }
  expect(machine.opened()).toBe(29);
  release();
  await clock.advance(7_200_000);
  expect(machine.opened()).toBe(29);
  expect(hub.state()).toEqual({ state: 'idle' });
});

it('a console that somebody outside has is asked for four times in a minute, then once a minute, until it is taken over', async () => {
  const { clock, machine, hub } = await world();
  machine.refusal = 'in-use';
  hub.hold();
  await settle();
  expect(hub.state()).toMatchObject({ state: 'in-use' });
  hub.hold();
  // A session of our own that was lost ends in that time.
  await clock.advance(60_000);
  expect(machine.opened()).toBe(5);
  await clock.advance(59_999);
  expect(machine.opened()).toBe(5);
  await clock.advance(1);
  expect(machine.opened()).toBe(6);
  await Promise.all([hub.takeOver(), hub.takeOver()]);
  expect(hub.state().state).toBe('open');
  expect([machine.opened(), machine.tookOver()]).toEqual([7, 1]);
});

it('taking over tells why it did not work, and closes behind nobody', async () => {
  const { clock, machine, hub } = await world();
  machine.refusal = 'failed';
  await expect(hub.takeOver()).rejects.toMatchObject({ code: 'failed' });
  machine.refusal = undefined;
  await hub.takeOver();
  expect(hub.state().state).toBe('open');
  await clock.advance(30_000);
  expect([hub.state().state, machine.isOpen()]).toEqual(['idle', false]);
});

it('a lost line is given back before the console is taken over', async () => {
  const { machine, hub } = await world();
  hub.hold();
  await settle();
  machine.say({ kind: 'detached', text: 'somebody else has it' });
  await hub.takeOver();
  expect([hub.state().state, machine.opened(), machine.tookOver()]).toEqual(['open', 2, 1]);
});

it('shows a loss that the line mends by itself, and opens it again when it has ended', async () => {
  const { clock, machine, hub, told } = await world();
  hub.hold();
  await settle();
  machine.print('one');
  machine.say({ kind: 'detached', text: 'no answer' });
  expect(hub.state()).toEqual({ state: 'lost', text: 'no answer' });
  machine.say({ kind: 'gap', reason: 'reattached' });
  machine.say({ kind: 'attached' });
  expect(hub.state().state).toBe('open');
  machine.say({ kind: 'availability', available: false });
  expect(hub.state()).toMatchObject({ state: 'open', typing: false });
  machine.say({ kind: 'break' });
  machine.say({ kind: 'ended', text: 'the BMC gave up' });
  expect(hub.state()).toEqual({ state: 'lost', text: 'the BMC gave up' });
  await clock.advance(1000);
  expect([hub.state().state, machine.opened()]).toEqual(['open', 2]);
  machine.print('two');
  expect(await told()).toEqual([
    'onetwo',
    '0 attached',
    '3 detached',
    '3 gap',
    '3 attached',
    '3 break',
    '3 detached',
    '3 attached',
  ]);
});

it('a line that ends at once again and again is not opened every second', async () => {
  const { clock, machine, hub } = await world();
  hub.hold();
  for (let second = 0; second < 60; second++) {
    machine.say({ kind: 'ended', text: 'off' });
    await clock.advance(1000);
  }
  expect(machine.opened()).toBeLessThan(8);
});

it('a line that opens when nobody waits any more is closed', async () => {
  const { clock, machine, hub } = await world();
  machine.isSlow = true;
  hub.hold()();
  await clock.advance(31_000);
  machine.letIn();
  await settle();
  expect([machine.opened(), machine.isOpen(), hub.state().state]).toEqual([1, false, 'idle']);
});

it('only the writer types; what waits goes when the keyboard does', async () => {
  const { clock, machine, hub } = await world();
  hub.hold();
  await settle();
  await expect(hub.type('a', Buffer.from('x'))).rejects.toMatchObject({ code: 'refused' });
  hub.floor.ask(a);
  await hub.type('a', Buffer.from('ls\r'));
  expect(machine.typed()).toBe('ls\r');
  const paste = hub.type('a', Buffer.from('p'.repeat(20_000))).catch((error: { code: string }) => error.code);
  await clock.advance(100);
  expect(hub.waiting()).toBeGreaterThan(0);
  hub.floor.ask(b);
  hub.floor.handOver('a', 'b');
  expect(await paste).toBe('refused');
  expect(hub.waiting()).toBe(0);
  const before = machine.typed().length;
  const typing = hub.type('b', Buffer.from('b'));
  await clock.advance(1000);
  await typing;
  expect(machine.typed().slice(before)).toBe('b');
  await expect(hub.sendBreak('a')).rejects.toMatchObject({ code: 'refused' });
});

it('typing keeps the keyboard', async () => {
  const { clock, hub } = await world();
  hub.hold();
  await settle();
  hub.floor.ask(a);
  hub.floor.ask(b);
  await clock.advance(14_000);
  await hub.type('a', Buffer.from('still here'));
  await clock.advance(14_000);
  expect(hub.floor.writer()).toEqual(a);
  hub.floor.ask(b);
  await clock.advance(15_000);
  expect(hub.floor.writer()).toEqual(b);
});

it('a loss drops what waits, also what a dead line never took, and the next line types again', async () => {
  const { clock, machine, hub } = await world();
  hub.hold();
  hub.floor.ask(a);
  await settle();
  machine.isStuck = true;
  const paste = hub.type('a', Buffer.from('lost')).catch((error: { code: string }) => error.code);
  await settle();
  machine.say({ kind: 'ended', text: 'gone' });
  expect(await paste).toBe('failed');
  await expect(hub.type('a', Buffer.from('x'))).rejects.toMatchObject({ code: 'unavailable' });
  machine.isStuck = false;
  await clock.advance(1000);
  await hub.type('a', Buffer.from('again'));
  expect(machine.typed()).toBe('again');
});

it('a break goes behind what was typed, and is refused where there is none', async () => {
  const { clock, machine, hub } = await world();
  const release = hub.hold();
  hub.floor.ask(a);
  await settle();
  const typing = [hub.type('a', Buffer.from('x'.repeat(1000))), hub.sendBreak('a')];
  await clock.advance(1000);
  await Promise.all(typing);
  expect(machine.typed()).toBe(`${'x'.repeat(1000)}<break>`);
  release();
  await clock.advance(30_000);
  machine.knowsBreak = false;
  hub.hold();
  await settle();
  expect(hub.state()).toMatchObject({ state: 'open', canBreak: false });
  await expect(hub.sendBreak('a')).rejects.toMatchObject({ code: 'refused' });
});

it('tells changes, and nothing runs on after the closing', async () => {
  const { clock, machine, hub } = await world();
  let changes = 0;
  const stop = hub.onChange(() => changes++);
  hub.hold();
  await settle();
  expect(changes).toBeGreaterThan(0);
  hub.floor.ask(a);
  hub.floor.ask(b);
  stop();
  const before = changes;
  await hub.close();
  await hub.close();
  expect(machine.isOpen()).toBe(false);
  await clock.advance(600_000);
  expect([changes, machine.opened(), hub.state().state]).toEqual([before, 1, 'idle']);
  await expect(hub.takeOver()).rejects.toMatchObject({ code: 'unavailable' });
});

it('closing waits some seconds for a line that does not open, and closes it when it comes', async () => {
  const { clock, machine, hub } = await world();
  machine.isSlow = true;
  hub.hold();
  await settle();
  let isClosed = false;
  const closing = hub.close().then(() => (isClosed = true));
  await clock.advance(4999);
  expect(isClosed).toBe(false);
  await clock.advance(1);
  await closing;
  machine.letIn();
  await settle();
  expect([machine.opened(), machine.isOpen(), hub.state().state]).toEqual([1, false, 'idle']);
});

it('closing waits some seconds for a line that is not given back, and opens no other behind it', async () => {
  const clock = createVirtualClock();
  const { record } = await world();
  let opened = 0;
  let giveBack = (): void => {};
  const hub = createSerialHub({
    record,
    clock,
    log: silentLog,
    open: async () => {
      opened += 1;
      return {
        write: async () => {},
        sendBreak: undefined,
        close: () => new Promise<void>((resolve) => (giveBack = resolve)),
      };
    },
  });
  hub.hold()();
  await clock.advance(30_000);
  // The line is being left; who comes now waits for that.
  hub.hold();
  await settle();
  expect([opened, hub.state().state]).toEqual([1, 'opening']);
  const closing = hub.close();
  await clock.advance(5000);
  await closing;
  giveBack();
  await settle();
  expect([opened, hub.state().state]).toEqual([1, 'idle']);
});

it.each([0, 1, 2, 3, 4, 5, 6])('a line that ends %i turns behind its opening is lost', async (turns) => {
  const clock = createVirtualClock();
  const { record } = await world();
  let closed = 0;
  const hub = createSerialHub({
    record,
    clock,
    log: silentLog,
    open: async (_takeOver, hear) => {
      void (async () => {
        for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
        hear({ kind: 'ended', text: 'no more' });
      })();
      return { write: async () => {}, sendBreak: undefined, close: async () => void (closed += 1) };
    },
  });
  hub.hold();
  await settle();
  expect([hub.state(), closed]).toEqual([{ state: 'lost', text: 'no more' }, 1]);
  await hub.close();
});
