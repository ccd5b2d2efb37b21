import { type Clock, delay } from '../../base/clock.ts';
import type { RandomBytes } from '../../base/random.ts';
import type { BmcSession } from '../link.ts';
import type { IpmiTiming } from '../session/timing.ts';
import { type BmcTarget, IpmiError } from '../types.ts';
import { type BackOffRanges, chanceOf, type LoginTrouble, nextBackOff, troubleOf } from './back-off.ts';
import { createGate, type Gate } from './gate.ts';
import type { LockoutGuard } from './lockout-guard.ts';
import type { PoolTarget } from './target.ts';
import type { Priority } from './turn-order.ts';

/** Opens one session; `connectBmc` with its ports. */
export type Connect = (target: BmcTarget, timing?: Partial<IpmiTiming>) => Promise<BmcSession>;

/** What the sessions of a pool share. */
export interface SlotDeps {
  readonly connect: Connect;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly guard: LockoutGuard;
  readonly logins: Gate;
  /** Resolves with the function that gives the socket back; rejects with IpmiError when there is none within `withinMs`. */
  readonly takeSocket: (priority: Priority, withinMs: number) => Promise<() => void>;
  /** How long somebody waits for a crowded or busy BMC. */
  readonly patienceMs: Readonly<Record<Priority, number>>;
  readonly backOff: BackOffRanges;
}

/** Why and until when a BMC is left alone. */
export interface BackOff {
  readonly trouble: LoginTrouble;
  readonly error: IpmiError;
  readonly ms: number;
  readonly at: number;
  readonly until: number;
}

/** The one session of a BMC, opened when it is needed. */
export interface BmcSlot {
  readonly key: string;
  readonly target: PoolTarget;
  /** One command at a time. */
  readonly turn: Gate;
  /** One exclusive piece of work at a time. */
  readonly sections: Gate;
  /** The open session, or a new one. Only inside a turn. Rejects with IpmiError. */
  open(priority: Priority): Promise<BmcSession>;
  /** Closes a session that is of no use any more, and the next `open` logs in. */
  drop(session: BmcSession): void;
  session(): BmcSession | undefined;
  openSince(): number | undefined;
  backOff(): BackOff | undefined;
  /** The next login is tried at once. */
  forgive(): void;
  /** Closes the session; without `forGood` a later use opens it again. */
  close(forGood: boolean): Promise<void>;
}

const closePatienceMs = 2000;

const closedError = (): IpmiError => new IpmiError('closed', 'the BMC sessions are being closed');

/** Builds the slot of one BMC; nothing is sent before its first use. */
export function createBmcSlot(key: string, target: PoolTarget, deps: SlotDeps): BmcSlot {
  const { clock, random, guard, logins } = deps;
  const { tuning, ...login } = target;
  const turn = createGate(1);
  const sections = createGate(1);
  let live: { readonly session: BmcSession; readonly since: number; end(): Promise<void> } | undefined;
  let backOff: BackOff | undefined;
  let isClosed = false;
  let underWay: Promise<void> = Promise.resolve();

  function adopt(session: BmcSession, freeSocket: () => void): void {
    let stopListening = (): void => {};
    let ending: Promise<void> | undefined;
    const end = (): Promise<void> => {
      if (live?.session === session) live = undefined;
      // A session tells its end while it is being closed: that must not close it once more.
      stopListening();
      ending ??= session
        .close()
        .catch(() => undefined)
        .finally(freeSocket);
      return ending;
    };
    live = { session, since: clock.now(), end };
    stopListening = session.onEnd(() => void end());
  }

  const endLive = async (): Promise<void> => live?.end();

  async function logIn(priority: Priority, freeSocket: () => void): Promise<void> {
    try {
      // Kept alive, as work may use its session seldom, a console for one.
      const connect = () => deps.connect({ ...login, keepAlive: true }, tuning?.timing);
      const opening = logins.run(priority, () => guard.attempt(key, target, connect));
      underWay = opening.then(
        () => undefined,
        () => undefined,
      );
      adopt(await opening, freeSocket);
    } catch (error) {
      freeSocket();
      throw error;
    }
  }

  function note(error: IpmiError): BackOff {
    const trouble = troubleOf(error.code);
    const before = backOff?.trouble === trouble ? backOff.ms : undefined;
    const ms = trouble === 'final' ? 0 : nextBackOff(deps.backOff[trouble], before, chanceOf(random));
    const at = clock.now();
    backOff = { trouble, error, ms, at, until: at + ms };
    return backOff;
  }

  /** Who can wait waits for a crowded BMC; the regular look leaves it alone; a person's command is tried at once otherwise. */
  async function respect(current: BackOff, priority: Priority, deadlineAt: number): Promise<void> {
    const now = clock.now();
    if (current.until <= now) return;
    const canWait = current.trouble === 'crowded' && current.until <= deadlineAt;
    if (canWait) return delay(clock, current.until - now);
    if (priority === 'command' && current.trouble !== 'crowded') return;
    throw notTried(current);
  }

  async function open(priority: Priority): Promise<BmcSession> {
    const deadlineAt = clock.now() + deps.patienceMs[priority];
    for (;;) {
      if (isClosed) throw closedError();
      if (live) return live.session;
      if (backOff) await respect(backOff, priority, deadlineAt);
      // That this process has no socket left says nothing about the BMC.
      const freeSocket = await deps.takeSocket(priority, Math.max(0, deadlineAt - clock.now()));
      try {
        await logIn(priority, freeSocket);
        backOff = undefined;
      } catch (error) {
        if (!(error instanceof IpmiError) || isClosed) throw error;
        const { trouble, until } = note(error);
        if (trouble !== 'crowded' || until > deadlineAt) throw error;
      }
      if (isClosed) await endLive();
    }
  }

  return {
    key,
    target,
    turn,
    sections,
    open,
    drop(session) {
      if (live?.session === session) void live.end();
    },
    session: () => live?.session,
    openSince: () => live?.since,
    backOff: () => backOff,
    forgive: () => void (backOff = undefined),
    async close(forGood) {
      if (forGood) {
        isClosed = true;
        turn.shut(closedError());
        sections.shut(closedError());
        // A login can't be called back; when it is slower, its session is closed as soon as it is there.
        await Promise.race([underWay, delay(clock, closePatienceMs)]);
      }
      await endLive();
    },
  };
}

/** The error of the last try again, marked as one that no new try is behind. */
function notTried({ error, until }: BackOff): IpmiError {
  const data = { ...error.data, notTried: true, nextTryAt: until };
  return new IpmiError(error.code, `${error.message} (left alone for a while after that)`, {
    data,
    cause: error,
  });
}
