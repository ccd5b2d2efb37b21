import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { toHex } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { RandomBytes } from '../base/random.ts';
import { newUuid, type Uuid } from '../base/uuid.ts';
import { ConsoleError } from './errors.ts';
import type { ConsoleSubject, Machines, ScreenStream } from './ports.ts';
import { readAll } from './record/read-all.ts';
import { tailText } from './record/tail.ts';
import type { SerialHub, SerialRecord } from './serial/types.ts';
import type { ConsoleAccess, ConsoleCaller, ConsoleService, OpenedConsole, Screenshot } from './service.ts';
import { createTickets, linkLifeMs, screenLifeMs, type TicketHolder } from './tickets.ts';
import { createDesks } from './viewer/desks.ts';
import { createRecorder } from './viewer/recorder.ts';
import { createSeats, type Seat } from './viewer/seats.ts';
import { startViewer } from './viewer/viewer.ts';

/** What a machine's console is made of; the real parts are those of create.ts. */
export interface ConsoleParts {
  readonly openRecord: (
    subject: Pick<ConsoleSubject, 'kind' | 'uuid'>,
    directory: string,
  ) => Promise<SerialRecord>;
  readonly openHub: (subject: ConsoleSubject, record: SerialRecord) => SerialHub;
  readonly openScreen: (source: ScreenStream, viewOnly: boolean) => Promise<Duplex>;
  readonly takeScreenshot: (source: ScreenStream) => Promise<Screenshot>;
}

/** Limits of consoles. */
export interface ConsoleLimits {
  /** Viewers, and as many screens, of one machine; of all ten times as many. */
  readonly maxViewers: number;
  /** A viewer that does nothing for so long is sent away. */
  readonly idleMs: number;
  /** Whether the serial console of a machine is recorded during a run without a viewer. */
  readonly recordRuns: boolean;
  /** Of one machine's record on disk, bytes. */
  readonly recordBytes: number;
}

export const consoleLimits: ConsoleLimits = {
  maxViewers: 100,
  idleMs: 3_600_000,
  recordRuns: true,
  recordBytes: 64 * 2 ** 20,
};

export interface ConsoleDeps {
  /** Records of serial consoles: `<kind>/<uuid>/` below it. */
  readonly directory: string;
  readonly machines: Machines;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
  readonly limits?: Partial<ConsoleLimits>;
}

/** Consoles that can be closed: viewers are told to come back, records are flushed. May be called twice. */
export interface Consoles extends ConsoleService {
  /** Looks at a machine as if its side had told of a change: for runs that were open when the server was stopped. */
  changed(kind: ConsoleSubject['kind'], uuid: Uuid): void;
  close(): Promise<void>;
}

/** Does what comes before somebody sits; when it fails, the seat is free again. */
async function orLeave<T>(seat: Seat, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    seat.leave();
    throw error;
  }
}

export function buildConsoles(deps: ConsoleDeps, parts: ConsoleParts): Consoles {
  const { directory, machines, clock, random, log } = deps;
  const { maxViewers, idleMs, recordRuns } = { ...consoleLimits, ...deps.limits };
  const tickets = createTickets({ clock, random });
  const places = { ofMachine: maxViewers, inAll: maxViewers * 10 };
  const viewers = createSeats(places);
  const screens = createSeats(places);
  const shots = new Map<string, Promise<Screenshot>>();
  const directoryOf = (kind: ConsoleSubject['kind'], uuid: string): string => join(directory, kind, uuid);
  const desks = createDesks({
    machines,
    openHub: async (subject) =>
      parts.openHub(subject, await parts.openRecord(subject, directoryOf(subject.kind, subject.uuid))),
    clock,
    log,
  });
  const recorder = createRecorder({ machines, desks, recordRuns, forget, log });
  let closed = false;

  async function subjectOf(kind: ConsoleSubject['kind'], uuid: string): Promise<ConsoleSubject> {
    const subject = closed ? undefined : await machines.subject(kind, uuid);
    if (subject !== undefined) return subject;
    const text =
      kind === 'chassis' ? 'chassis; look at GET /v1/baremetal/chassis' : 'VM; look at GET /v1/vm-instances';
    throw new ConsoleError('not-found', `there is no such ${text}`, { data: { kind } });
  }

  /** The record of a machine that has one, for as long as `work` takes; undefined when it has none. */
  async function withRecord<T>(
    kind: ConsoleSubject['kind'],
    uuid: string,
    work: (record: SerialRecord) => Promise<T>,
  ): Promise<T | undefined> {
    const known = await machines.subject(kind, uuid);
    const isThere = known !== undefined && (await stat(directoryOf(kind, known.uuid)).catch(() => undefined));
    if (!isThere) return undefined;
    const lease = await desks.use(known);
    try {
      const { record } = lease.desk.hub;
      return record.kept().end === 0 ? undefined : await work(record);
    } finally {
      lease.release();
    }
  }

  /** Opened when the first piece is wanted, and closed when the last one was, or nobody wants any more. */
  async function* piecesOf(subject: ConsoleSubject, from: number | undefined) {
    const lease = await desks.use(subject);
    try {
      yield* readAll(lease.desk.hub.record, from);
    } finally {
      lease.release();
    }
  }

  function endAll(isOver: (holder: TicketHolder) => boolean, text: string, final: boolean): void {
    tickets.revoke(isOver);
    viewers.end(isOver, text, final);
    screens.end(isOver, text, final);
  }

  async function forget(kind: ConsoleSubject['kind'], uuid: string): Promise<void> {
    endAll(
      ({ subject }) => subject.kind === kind && subject.uuid === uuid,
      'this machine is not managed any more',
      true,
    );
    recorder.drop(kind, uuid);
    await desks.whileClosed(kind, uuid, async () => {
      const place = directoryOf(kind, uuid);
      if (!/^[0-9a-f]{32}$/.test(uuid) || !(await stat(place).catch(() => undefined))) return;
      const record = await parts.openRecord({ kind, uuid: uuid as ConsoleSubject['uuid'] }, place);
      await record.remove();
    });
  }

  async function grant(
    ticketKind: 'console' | 'screen',
    subject: ConsoleSubject,
    caller: ConsoleCaller,
    viewOnly: boolean,
  ): Promise<ConsoleAccess> {
    const holder = { caller, subject, viewOnly: viewOnly || !caller.mayAct };
    return { uuid: newUuid(random), subject, ...tickets.issue(ticketKind, holder, linkLifeMs) };
  }

  const stopWatch = machines.watch(({ kind, uuid }) => recorder.changed(kind, uuid));

  return {
    async request(kind, uuid, caller, { viewOnly }) {
      const subject = await subjectOf(kind, uuid);
      viewers.check(subject);
      return grant('console', subject, caller, viewOnly);
    },
    async requestScreen(kind, uuid, caller, { viewOnly }) {
      const subject = await subjectOf(kind, uuid);
      if (!(await machines.hasScreen(subject))) {
        const text =
          kind === 'chassis'
            ? 'no installer shows its screen now'
            : 'the VM has no screen now; is it running?';
        throw new ConsoleError('unavailable', text);
      }
      return grant('screen', subject, caller, viewOnly);
    },
    async open(ticket): Promise<OpenedConsole | undefined> {
      const holder = tickets.take('console', ticket);
      if (holder === undefined) return undefined;
      const { caller } = holder;
      // Before the first wait: many at once must not get past the limit, and a revocation must find it.
      const seat = viewers.take(holder);
      const { subject, lease } = await orLeave(seat, async () => {
        const found = await subjectOf(holder.subject.kind, holder.subject.uuid);
        return { subject: found, lease: await desks.use(found) };
      });
      const leave = (): void => {
        seat.leave();
        lease.release();
      };
      const { accountUuid, name } = caller;
      return {
        accountUuid,
        name,
        subject,
        abandon: leave,
        attach(channel, remoteAddress, note = async () => {}) {
          let replaced = (): void => {};
          const resume = tickets.resume(holder, () => replaced());
          const mayType = caller.mayAct && !holder.viewOnly;
          const running = startViewer({
            desk: lease.desk,
            channel,
            you: { id: toHex(random(8)), name: `${name} (${remoteAddress})` },
            mayType,
            mayAct: mayType && (caller.mayPower ?? true),
            resume: resume.ticket,
            idleMs,
            isBusy: () =>
              screens.some((other) => other.caller === caller && other.subject.uuid === subject.uuid),
            screenTicket: (viewOnly) =>
              tickets.issue('screen', { ...holder, viewOnly: holder.viewOnly || viewOnly }, screenLifeMs)
                .ticket,
            power: (action) => machines.power(subject, action),
            note,
            clock,
            log,
            gone() {
              resume.leave();
              leave();
            },
          });
          replaced = () => running.end('this console was opened again', true);
          seat.occupy((text, final) => running.end(text, final));
        },
      };
    },
    async openScreen(ticket) {
      const holder = tickets.take('screen', ticket);
      if (holder === undefined) return undefined;
      const seat = screens.take(holder);
      const { subject, stream } = await orLeave(seat, async () => {
        const found = await subjectOf(holder.subject.kind, holder.subject.uuid);
        const source = await machines.openScreen(found);
        return { subject: found, stream: await parts.openScreen(source, holder.viewOnly) };
      });
      stream.once('close', () => seat.leave());
      seat.occupy(() => stream.destroy());
      return { accountUuid: holder.caller.accountUuid, name: holder.caller.name, subject, stream };
    },
    async screenshot(kind, uuid) {
      const subject = await subjectOf(kind, uuid);
      const key = `${kind}/${subject.uuid}`;
      const running = shots.get(key);
      if (running !== undefined) return running;
      const shot = (async () => parts.takeScreenshot(await machines.openScreen(subject)))();
      shots.set(key, shot);
      const forgetShot = (): void => void shots.delete(key);
      shot.then(forgetShot, forgetShot);
      return shot;
    },
    async log(kind, uuid, from) {
      const subject = await subjectOf(kind, uuid);
      const isThere = await withRecord(kind, subject.uuid, async () => true);
      if (isThere === undefined) {
        throw new ConsoleError('unavailable', 'nothing of this serial console is recorded yet');
      }
      return piecesOf(subject, from);
    },
    async tail(kind, uuid, maxLines) {
      const desk = desks.opened(kind, uuid);
      const tailOf = (record: SerialRecord): Promise<string> => {
        const { start, end, runStart } = record.kept();
        const sinceRun = { start: Math.max(start, runStart ?? start), end, runStart };
        return tailText({ kept: () => sinceRun, read: (...given) => record.read(...given) }, maxLines);
      };
      if (desk === undefined) return withRecord(kind, uuid, tailOf);
      const text = await tailOf(desk.hub.record);
      // Silence is something that was heard, by who listened.
      return text === '' && desk.serial().state !== 'open' ? undefined : text;
    },
    revokeSession: (sessionUuid) =>
      endAll(({ caller }) => caller.sessionUuid === sessionUuid, 'the session ended; log in again', true),
    revokeAccount: (accountUuid) =>
      endAll(
        ({ caller }) => caller.accountUuid === accountUuid,
        'the account may not see this any more',
        true,
      ),
    forget,
    changed: (kind, uuid) => recorder.changed(kind, uuid),
    async close() {
      if (!closed) stopWatch();
      closed = true;
      recorder.close();
      endAll(() => true, 'the server stops; try again in a moment', false);
      await desks.close();
    },
  };
}
