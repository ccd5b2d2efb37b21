import type { BmcSession } from '../link.ts';
import { IpmiError } from '../types.ts';
import { type BackOffRanges, backOffRanges } from './back-off.ts';
import { type BmcSlot, createBmcSlot, type SlotDeps } from './bmc-slot.ts';
import { createGate } from './gate.ts';
import { pinSession } from './pinned-session.ts';
import { shareSession, type Traffic } from './shared-session.ts';
import { createSockets, type Tenant } from './sockets.ts';
import { isSameTarget, type PoolTarget } from './target.ts';
import type { Priority } from './turn-order.ts';

/** Limits and times of a pool. */
export interface BmcPoolOptions {
  /** How long a session stays open that nobody uses. Default 30 s: a BMC has few of them for everybody. */
  readonly idleMs?: number;
  /** Unused sessions stay open until their socket is needed. Default false. */
  readonly keepOpen?: boolean;
  /** Logins under way together. Default 64; each costs the BMC and this process some milliseconds of hashing. */
  readonly maxLogins?: number;
  /** Sessions open together, one UDP socket each; pinned ones take three quarters of them at most. Default 1024. */
  readonly maxSockets?: number;
  /** How long somebody waits for a busy BMC or a free session. Default 30 s for commands, 3 s for status, 15 s for bulk. */
  readonly patienceMs?: Partial<Readonly<Record<Priority, number>>>;
  /** Pauses that grow; defaults beside `backOffRanges`. */
  readonly backOff?: Partial<BackOffRanges>;
}

export interface UseOptions {
  /** Default `command`. */
  readonly priority?: Priority;
  /**
   * No other exclusive work of this BMC runs meanwhile; status still passes between the commands. Not to be nested: the inner one would wait
   * for the outer one. Default false.
   */
  readonly exclusive?: boolean;
  /**
   * The work may last for hours and belongs to one session: it never gets another one. When that is lost, its socket is needed for a command
   * to another BMC, or the BMC gets another target or is forgotten, `onEnd` is told and commands are refused with `closed`; then the work must
   * end. Others go on beside it, and first. Rejects with `busy` when as many as may be are pinned. Default false.
   */
  readonly pinned?: boolean;
}

/** What the pool knows of a BMC. */
export interface BmcStatus {
  readonly open: boolean;
  /** Of the open session. */
  readonly since: number | undefined;
  readonly users: number;
  /** Of the last failed login since the last good one; `nextTryAt`: before that the regular look is not tried. */
  readonly lastError:
    | {
        readonly code: IpmiError['code'];
        readonly text: string;
        readonly at: number;
        readonly nextTryAt: number;
      }
    | undefined;
}

/** One session a BMC, shared by all that use it. */
export interface BmcPool {
  /**
   * Runs `work` with the session of the BMC that the caller calls `key`. The session is opened if need be, and closed when nobody uses it
   * for a while; another target under the same key gets a new session. Rejects with IpmiError or as `work` does.
   */
  use<T>(
    key: string,
    target: PoolTarget,
    work: (session: BmcSession) => Promise<T>,
    options?: UseOptions,
  ): Promise<T>;
  /** Undefined for a BMC that was not used since it was forgotten. */
  status(key: string): BmcStatus | undefined;
  /** Closes the session once its users are done; failed logins stay remembered. */
  forget(key: string): void;
  /** Another try after failed logins: its credentials were changed, or a person wants it. */
  release(key: string): Promise<void>;
  /** Closes all sessions; who waits gets IpmiError `closed`. May be called twice. */
  close(): Promise<void>;
}

export type BmcPoolDeps = Pick<SlotDeps, 'connect' | 'clock' | 'random' | 'guard'>;

interface Entry extends Tenant {
  readonly slot: BmcSlot;
  readonly traffic: Traffic;
  isRetired: boolean;
  cancelIdle: () => void;
}

const retired = (): IpmiError =>
  new IpmiError('closed', 'the BMC session is given up for a new one; log in again');

const defaultPatienceMs = { command: 30_000, status: 3000, bulk: 15_000 } as const;

/** Builds a pool; it opens nothing by itself. */
export function createBmcPool(options: BmcPoolOptions, deps: BmcPoolDeps): BmcPool {
  const { idleMs = 30_000, keepOpen = false, maxLogins = 64, maxSockets = 1024 } = options;
  const patienceMs = { ...defaultPatienceMs, ...options.patienceMs };
  const backOff = { ...backOffRanges, ...options.backOff };
  const { clock, random } = deps;
  const logins = createGate(maxLogins);
  const entries = new Map<string, Entry>();
  const all = new Set<Entry>();
  /** Open sessions without users, the one that is unused for the longest first. */
  const unused = new Set<Entry>();
  let closing: Promise<void> | undefined;

  const slotDeps: Omit<SlotDeps, 'takeSocket'> = { ...deps, logins, patienceMs, backOff };

  const sockets = createSockets(maxSockets, clock, () => {
    for (const entry of unused) {
      const isOpen = entry.slot.session() !== undefined;
      closeUnused(entry);
      if (isOpen) return true;
    }
    return false;
  });

  function closeUnused(entry: Entry): void {
    entry.cancelIdle();
    unused.delete(entry);
    void entry.slot.close(false);
  }

  function retire(entry: Entry): void {
    entry.isRetired = true;
    // Others end by themselves; who may stay for hours is asked to go.
    for (const pin of entry.pins) pin.lose(retired());
    if (entry.users > 0) return;
    all.delete(entry);
    closeUnused(entry);
  }

  function entryFor(key: string, target: PoolTarget): Entry {
    const known = entries.get(key);
    if (known && isSameTarget(known.slot.target, target)) return known;
    const entry: Entry = {
      slot: createBmcSlot(key, target, {
        ...slotDeps,
        takeSocket: (priority, withinMs) => sockets.take(entry, priority, withinMs),
      }),
      traffic: { heardAt: 0, endedAt: 0 },
      users: 0,
      stays: 0,
      isRetired: false,
      pins: new Set(),
      cancelIdle: () => {},
    };
    entries.set(key, entry);
    all.add(entry);
    if (known) retire(known);
    return entry;
  }

  function leave(entry: Entry): void {
    entry.users--;
    if (entry.users > 0) return sockets.review(entry);
    if (entry.isRetired) return retire(entry);
    if (!entry.slot.session()) return;
    if (sockets.isWaitedFor()) return closeUnused(entry);
    unused.add(entry);
    const { tuning } = entry.slot.target;
    if (tuning?.keepOpen ?? keepOpen) return;
    entry.cancelIdle = clock.after(tuning?.idleMs ?? idleMs, () => closeUnused(entry));
  }

  async function work<T>(
    entry: Entry,
    priority: Priority,
    pinned: boolean,
    run: (session: BmcSession) => Promise<T>,
  ): Promise<T> {
    const { slot, traffic } = entry;
    const session = slot.session() ?? (await slot.turn.run(priority, () => slot.open(priority)));
    const deps = { clock, random, patienceMs: patienceMs[priority], backOff: backOff.command };
    const shared = shareSession(slot, session, traffic, priority, deps);
    if (!pinned) return run(shared);
    // A session that died unnoticed is found out and replaced while that still may be.
    await shared.deviceId();
    const live = slot.session();
    if (live === undefined || entry.isRetired) throw retired();
    // What stays has time: a BMC that is busy with it must not keep a run's commands waiting.
    const unhurried = { ...deps, patienceMs: patienceMs.status };
    const pin = pinSession(slot, live, (of) => shareSession(of, live, traffic, 'status', unhurried));
    entry.pins.add(pin);
    sockets.review(entry);
    try {
      return await run(pin.session);
    } finally {
      entry.pins.delete(pin);
      pin.release();
      // Some BMCs end a session with the console in it: it is asked before something is sent that can't be sent twice.
      traffic.heardAt = 0;
    }
  }

  return {
    async use(key, target, run, { priority = 'command', exclusive = false, pinned = false } = {}) {
      if (closing) throw new IpmiError('closed', 'the BMC sessions are being closed');
      const entry = entryFor(key, target);
      if (pinned) sockets.stay(entry);
      entry.users++;
      entry.cancelIdle();
      unused.delete(entry);
      try {
        if (!exclusive) return await work(entry, priority, pinned, run);
        return await entry.slot.sections.run(priority, () => work(entry, priority, pinned, run));
      } finally {
        if (pinned) sockets.stayed(entry);
        leave(entry);
      }
    },
    status(key) {
      const entry = entries.get(key);
      if (!entry) return undefined;
      const since = entry.slot.openSince();
      const backOff = entry.slot.backOff();
      return {
        open: since !== undefined,
        since,
        users: entry.users,
        lastError: backOff && {
          code: backOff.error.code,
          text: backOff.error.message,
          at: backOff.at,
          nextTryAt: backOff.until,
        },
      };
    },
    forget(key) {
      const entry = entries.get(key);
      entries.delete(key);
      if (entry) retire(entry);
    },
    async release(key) {
      const entry = entries.get(key);
      entry?.slot.forgive();
      await deps.guard.release(key, entry?.slot.target);
    },
    close() {
      closing ??= (async () => {
        const error = new IpmiError('closed', 'the BMC sessions are being closed');
        logins.shut(error);
        sockets.shut(error);
        for (const entry of all) entry.cancelIdle();
        await Promise.all([...all].map(({ slot }) => slot.close(true)));
      })();
      return closing;
    },
  };
}
