import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { toHex } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { RandomBytes } from '../base/random.ts';
import { newUuid, type Uuid } from '../base/uuid.ts';
import { ConsoleError } from './errors.ts';
import { createGuests } from './guests.ts';
import type { ConsoleSubject, Machines, ScreenStream } from './ports.ts';
import { createPrinted } from './printed.ts';
import type { SerialHub, SerialRecord } from './serial/types.ts';
import { sweepRecords } from './sweep.ts';
import type { ConsoleAccess, ConsoleCaller, ConsoleService, OpenedConsole, Screenshot } from './service.ts';
import { linkLifeMs, screenLifeMs } from './tickets.ts';
import { createShots } from './shots.ts';
import { createDesks } from './viewer/desks.ts';
import { createRecorder } from './viewer/recorder.ts';
import type { Seat } from './viewer/seats.ts';
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
  /** Viewers, and as many screens, of one machine; of all ten times as many, of one account twice as many viewers. */
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
  /** Removes records of machines that went while nobody looked. Call it when all machines are known; never rejects. */
  sweep(): Promise<void>;
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
  const guests = createGuests({ maxViewers, clock, random });
  const { tickets, viewers, screens } = guests;
  const shots = createShots();
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

  async function forget(kind: ConsoleSubject['kind'], uuid: string): Promise<void> {
    guests.end(
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
      viewers.check(subject, caller.accountUuid);
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
              screens
                .holders()
                .some((other) => other.caller === caller && other.subject.uuid === subject.uuid),
            screenTicket: (viewOnly) =>
              tickets.issue('screen', { ...holder, viewOnly: holder.viewOnly || viewOnly }, screenLifeMs)
                .ticket,
            power: (action) => machines.power(subject, action),
            picture: async (name) => machines.picture?.(subject, name),
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
      return shots.of(`${kind}/${subject.uuid}`, async () =>
        parts.takeScreenshot(await machines.openScreen(subject)),
      );
    },
    ...createPrinted({ machines, desks, directoryOf, subjectOf }),
    revokeSession: (sessionUuid) => guests.revokeSession(sessionUuid),
    revokeAccount: (accountUuid) => guests.revokeAccount(accountUuid),
    revokeUnseen: (...given) => guests.revokeUnseen(...given),
    dismiss: () => guests.dismiss(),
    async forget(kind, uuid) {
      try {
        await forget(kind, uuid);
      } catch (error) {
        const text =
          'the console record of a machine that is no more was not removed; the next start tries again';
        log.error({ kind, uuid, err: messageOf(error) }, text);
      }
    },
    changed: (kind, uuid) => recorder.changed(kind, uuid),
    sweep: () => sweepRecords({ directory, machines, forget, log }),
    async close() {
      stopWatch();
      closed = true;
      recorder.close();
      guests.dismiss();
      await desks.close();
    },
  };
}
