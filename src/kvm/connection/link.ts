import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { assertNever, messageOf } from '../../base/errors.ts';
import type { HostShell } from '../../net/shell.ts';
import { KvmError } from '../errors.ts';
import type { Host } from '../model.ts';
import { idleLink, type LinkEffect, type LinkEvent, type LinkState, stepLink, type Trouble } from './step.ts';
import { errorOfTrouble, troubleOf } from './trouble.ts';
import { createVisit, type Visit, type VisitDeps } from './visit.ts';

/** A shell of a host that was found fit, with the key that it showed (none for this machine). */
export interface OpenedHost {
  readonly shell: HostShell;
  readonly hostKey: string | undefined;
}

type StatusChange = Pick<Host, 'status' | 'statusCause'> & Partial<Pick<Host, 'hostKey'>>;

/** What a link needs of others. */
export interface LinkDeps extends Omit<VisitDeps, 'shell' | 'hostName'> {
  /** Logs in and checks that the host is fit; also with its address of now. Rejects with NetError or KvmError. */
  readonly open: (signal: AbortSignal) => Promise<OpenedHost>;
  readonly saveStatus: (change: StatusChange) => Promise<void>;
  readonly tell: (notice: 'host-disconnected' | 'host-key-changed', text: string) => void;
  readonly clock: Clock;
  readonly chance: () => number;
  readonly log: Logger;
}

/** The connection of one host, kept up until it is stopped. */
export interface HostLink {
  /** Connects (anew). Resolves after the first look; rejects with KvmError as `addHost`. Tries go on by themselves unless held. */
  begin(opened?: OpenedHost): Promise<void>;
  /** What there is to work on. Throws KvmError `host-disconnected` when nothing. */
  visit(): Visit;
  isConnected(): boolean;
  stop(): Promise<void>;
}

/** Drives the steps of one link: owns its timers, its shell and the order in which its states are saved. */
export function createHostLink(nameOf: () => string, deps: LinkDeps): HostLink {
  const { clock, log } = deps;
  let state: LinkState = idleLink;
  let visit: Visit | undefined;
  /** A try or connection that ended is late in what it says: its number is not the one of now. */
  let era = 0;
  let given: OpenedHost | undefined;
  let attempt = new AbortController();
  let ending: Promise<unknown> = Promise.resolve();
  let saving: Promise<unknown> = Promise.resolve();
  let waiters: { readonly opened: (first: Promise<void>) => void; readonly failed: (why: Error) => void }[] =
    [];
  let cancels: (() => void)[] = [];
  let hostKey: string | undefined;

  function feed(event: LinkEvent): void {
    const [next, effects] = stepLink(state, event);
    state = next;
    for (const effect of effects) act(effect);
  }

  function act(effect: LinkEffect): void {
    switch (effect.kind) {
      case 'open':
        return open();
      case 'drop': {
        era++;
        attempt.abort();
        const last = visit;
        visit = undefined;
        if (last) ending = Promise.all([ending, last.end()]);
        return;
      }
      case 'retry-in':
        cancels.push(clock.after(effect.ms, () => feed({ kind: 'retry-due' })));
        return;
      case 'watch-away':
        cancels.push(clock.after(effect.ms, () => feed({ kind: 'away-due' })));
        return;
      case 'cancel-timers':
        for (const cancel of cancels) cancel();
        cancels = [];
        return;
      case 'save':
        return save({ status: effect.status, statusCause: effect.cause });
      case 'tell':
        return deps.tell(effect.notice, effect.text);
      default:
        return assertNever(effect, 'effect of a host connection');
    }
  }

  function save(change: Pick<Host, 'status' | 'statusCause'>): void {
    const key = change.status === 'Connected' && hostKey !== undefined ? { hostKey } : {};
    saving = saving
      .then(() => deps.saveStatus({ ...change, ...key }))
      .catch((error: unknown) => {
        log.error({ host: nameOf(), error: messageOf(error) }, 'the status of a host could not be saved');
      });
  }

  function open(): void {
    const mine = era;
    const ready = given;
    given = undefined;
    attempt = new AbortController();
    const outcome = (ready ? Promise.resolve(ready) : deps.open(attempt.signal)).then(
      (opened) => {
        if (mine === era && state.phase === 'connecting') adopt(opened);
        else return opened.shell.close();
        return undefined;
      },
      (error: unknown) => {
        if (mine === era) fail(troubleOf(error));
      },
    );
    ending = Promise.all([ending, outcome]);
  }

  function adopt(opened: OpenedHost): void {
    const mine = era;
    hostKey = opened.hostKey;
    visit = createVisit({ ...deps, shell: opened.shell, hostName: nameOf });
    void opened.shell.closed.then((why) => {
      if (mine === era) feed({ kind: 'lost', why, chance: deps.chance() });
    });
    feed({ kind: 'opened' });
    log.info({ host: nameOf() }, 'host connected');
    // Observers find the host as it is now in the store.
    const first = saving.then(() => visit?.look());
    // The visit logs that a look failed, and looks again.
    first.catch(() => undefined);
    for (const waiter of takeWaiters()) waiter.opened(first);
  }

  function fail(trouble: Trouble): void {
    feed({ kind: 'failed', trouble, chance: deps.chance() });
    log.warn({ host: nameOf(), why: trouble.kind, text: trouble.text }, 'a host cannot be connected');
    const why = errorOfTrouble(trouble);
    void saving.then(() => {
      for (const waiter of takeWaiters()) waiter.failed(why);
    });
  }

  function takeWaiters(): typeof waiters {
    const taken = waiters;
    waiters = [];
    return taken;
  }

  const disconnected = (): KvmError =>
    new KvmError(
      'host-disconnected',
      `host "${nameOf()}" is not connected${state.trouble ? `: ${state.trouble.text}` : ' yet; wait until it is'}`,
    );

  return {
    begin(opened) {
      if (state.phase === 'over') return Promise.reject(disconnected());
      return new Promise<void>((resolve, reject) => {
        waiters.push({ opened: (first) => void first.then(resolve, reject), failed: reject });
        given = opened;
        feed({ kind: 'begin' });
      });
    },
    visit() {
      if (visit === undefined) throw disconnected();
      return visit;
    },
    isConnected: () => visit !== undefined,
    async stop() {
      feed({ kind: 'stop' });
      for (const waiter of takeWaiters()) waiter.failed(disconnected());
      await Promise.all([ending, saving]);
    },
  };
}
