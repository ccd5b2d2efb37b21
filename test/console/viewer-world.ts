import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Clock } from '../../src/base/clock.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import { type ConsoleDeps, buildConsoles } from '../../src/console/consoles.ts';
import { ConsoleError } from '../../src/console/errors.ts';
import type { ConsoleSubject, Machines, SerialNews } from '../../src/console/ports.ts';
import type { MachineView, ServerMessage, TimelineLine } from '../../src/console/protocol.ts';
import { openRecord } from '../../src/console/record/record.ts';
import { createSerialHub } from '../../src/console/serial/hub.ts';
import type { ConsoleCaller, ViewerAction, ViewerChannel } from '../../src/console/service.ts';
import { keepingLog } from '../support/keeping-log.ts';
import { random, uuid } from '../support/records.ts';

/** A clock that stands until it is moved; its timers run in order. */
export function manualClock(start = 1_700_000_000_000) {
  let now = start;
  let timers: { readonly at: number; readonly run: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    after(ms, run) {
      const timer = { at: now + ms, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
  };
  return {
    clock,
    pass: (ms: number): void => {
      const end = now + ms;
      for (;;) {
        const next = timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers = timers.filter((one) => one !== next);
        now = Math.max(now, next.at);
        next.run();
      }
      now = end;
    },
  };
}

/** Lets everything that is ready happen, files too. */
export const settle = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, 40);
  });

/** A machine that does as it is told, and says what it was told. */
export function fakeMachine(kind: ConsoleSubject['kind'] = 'chassis') {
  const subject: ConsoleSubject = { kind, uuid: uuid(), name: `a ${kind}` };
  const watchers = new Set<(changed: { kind: ConsoleSubject['kind']; uuid: Uuid }) => void>();
  const machine = {
    subject,
    view: {
      kind,
      uuid: subject.uuid,
      name: subject.name,
      status: 'Unprovisioned',
      power: 'off',
    } as MachineView,
    lines: [] as TimelineLine[],
    serial: { yes: true } as Awaited<ReturnType<Machines['hasSerial']>>,
    screen: false,
    exists: true,
    /** Pictures of its runs by name. */
    pictures: new Map<string, Uint8Array>(),
    /** Serial lines that are open, how often one was tried, and why none opens. */
    lineCount: 0,
    lineTries: 0,
    lineFault: undefined as Error | undefined,
    /** How often a timeline was read. */
    timelines: 0,
    typed: '',
    powered: [] as string[],
    screens: [] as PassThrough[],
    powerFault: undefined as Error | undefined,
    print: (_text: string): void => {},
    changed(): void {
      for (const watcher of watchers) watcher({ kind, uuid: subject.uuid });
    },
  };
  const machines: Machines = {
    subject: async (wished, name) =>
      machine.exists && wished === kind && name === subject.uuid ? subject : undefined,
    view: async () => machine.view,
    async timeline() {
      machine.timelines += 1;
      return [...machine.lines];
    },
    picture: async (_subject, name) => machine.pictures.get(name),
    hasSerial: async () => machine.serial,
    async openSerial(_subject, _options, receive: (news: SerialNews) => void) {
      machine.lineTries += 1;
      if (machine.lineFault) throw machine.lineFault;
      machine.lineCount += 1;
      machine.print = (text) => receive({ kind: 'output', data: Buffer.from(text) });
      return {
        async write(data) {
          machine.typed += Buffer.from(data).toString();
        },
        sendBreak: async () => {},
        async close() {
          machine.lineCount -= 1;
        },
      };
    },
    hasScreen: async () => machine.screen,
    async openScreen() {
      if (!machine.screen) throw new ConsoleError('unavailable', 'no screen now');
      const stream = new PassThrough();
      machine.screens.push(stream);
      return { stream, password: 'Canary-of-the-screen' };
    },
    async power(_subject, action) {
      if (machine.powerFault) throw machine.powerFault;
      machine.powered.push(action);
    },
    watch(watcher) {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
  };
  return { machine, machines };
}

/** A viewer's end of a channel: what it got, and whether it reads. */
export function fakeChannel() {
  const got: (ServerMessage | { readonly offset: number; readonly text: string })[] = [];
  let handlers: Parameters<ViewerChannel['receive']>[0] | undefined;
  let waiting: (() => void)[] = [];
  const end = { reads: true, closed: undefined as string | undefined, frames: 0 };
  const channel: ViewerChannel = {
    send(frame) {
      if (end.closed !== undefined) return Promise.resolve();
      end.frames += 1;
      if (typeof frame === 'string') got.push(JSON.parse(frame) as ServerMessage);
      else {
        const bytes = Buffer.from(frame);
        got.push({ offset: Number(bytes.readBigUInt64BE(0)), text: bytes.subarray(8).toString() });
      }
      if (end.reads) return Promise.resolve();
      return new Promise((resolve) => {
        waiting.push(resolve);
      });
    },
    receive(given) {
      handlers = given;
    },
    close(why) {
      if (end.closed !== undefined) return;
      end.closed = why;
      handlers?.closed();
    },
  };
  return Object.assign(end, {
    channel,
    got,
    say: (message: object | Uint8Array | string): void =>
      handlers?.frame(
        message instanceof Uint8Array || typeof message === 'string' ? message : JSON.stringify(message),
      ),
    hangUp: (): void => handlers?.closed(),
    readAgain(): void {
      end.reads = true;
      for (const resolve of waiting) resolve();
      waiting = [];
    },
    /** Messages of one type, oldest first. */
    of: <Type extends ServerMessage['type']>(type: Type) =>
      got.filter((one): one is Extract<ServerMessage, { type: Type }> => 'type' in one && one.type === type),
    /** The serial output that came, and where it began. */
    output: () => got.flatMap((one) => ('text' in one && !('type' in one) ? [one] : [])),
  });
}

export const caller = (over: Partial<ConsoleCaller> = {}): ConsoleCaller => ({
  accountUuid: uuid(),
  sessionUuid: uuid(),
  name: 'admin',
  mayAct: true,
  ...over,
});

/** The room on real records and hubs, over one fake machine. Close it by `close`. */
export async function openRoom(limits: ConsoleDeps['limits'] = {}, kind: ConsoleSubject['kind'] = 'chassis') {
  const directory = await mkdtemp(join(tmpdir(), 'rackwright-consoles-'));
  const { clock, pass } = manualClock();
  const { machine, machines } = fakeMachine(kind);
  const log = keepingLog();
  const notes: ViewerAction[] = [];
  const shots = { taken: 0 };
  const open = () =>
    buildConsoles(
      { directory, machines, clock, random, log, limits },
      {
        openRecord: (_subject, place) => openRecord({ directory: place, clock, log }),
        openHub: (subject, record) =>
          createSerialHub({
            record,
            open: (takeOver, receive) => machines.openSerial(subject, { takeOver }, receive),
            clock,
            log,
          }),
        openScreen: async (source, viewOnly) => Object.assign(source.stream, { viewOnly }),
        async takeScreenshot() {
          shots.taken += 1;
          await settle();
          return { png: Uint8Array.of(shots.taken), width: 1, height: 1 };
        },
      },
    );
  const consoles = open();
  const { uuid: machineUuid } = machine.subject;

  /** Asks for a link, opens it and attaches a viewer. */
  async function view(who: ConsoleCaller = caller(), viewOnly = false) {
    const access = await consoles.request(kind, machineUuid, who, { viewOnly });
    return enter(access.ticket);
  }
  async function enter(ticket: string) {
    const opened = await consoles.open(ticket);
    if (opened === undefined) throw new Error('the ticket opened nothing');
    const viewer = fakeChannel();
    opened.attach(viewer.channel, '192.0.2.9', async (note) => void notes.push(note));
    await settle();
    return viewer;
  }
  const close = async (): Promise<void> => {
    await consoles.close();
    await rm(directory, { recursive: true, force: true });
  };
  return { consoles, machine, pass, clock, log, notes, shots, directory, view, enter, reopen: open, close };
}
export type Room = Awaited<ReturnType<typeof openRoom>>;
