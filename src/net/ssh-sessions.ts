import type { Client, ClientChannel } from 'ssh2';
import { type Clock, delay } from '../base/clock.ts';
import { NetError } from './errors.ts';

/** Opens the channels of one connection that run commands. */
export interface SshSessions {
  /**
   * Starts a command line; waits for a free session, but at most `patienceMs` without one that ends. NetError `refused` when the host gives none, `closed` when
   * the connection is gone.
   */
  exec(command: string, patienceMs: number): Promise<SshSession>;
}

/** How a command ended, as far as the host said. */
export interface SshExit {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
}

/** A channel in which a command runs. */
export interface SshSession {
  readonly channel: ClientChannel;
  /** Undefined until the host says it. */
  readonly exit: () => SshExit | undefined;
}

/** Sessions of a connection that sshd gives as it comes (MaxSessions); a host may give fewer. */
const usualSessions = 10;
/** The pause after a refusal. */
const retryMs = { first: 50, most: 1000 };

/**
 * More commands than the host gives sessions wait for one to end. How many it gives is learned from its refusals, and rather too few:
 * sshd counts a session that ended a moment ago, so the last one that it gives is often refused.
 */
export function createSshSessions(client: Client, isLost: () => boolean, clock: Clock): SshSessions {
  let limit = usualSessions;
  /** Asked for or open. */
  let taken = 0;
  /** Open, as far as the host has said. */
  let open = 0;
  let progressAt = clock.now();
  let waiting: (() => void)[] = [];

  /** Takes a place, or waits for one; false when for so long no session ended and none was given. */
  function enter(patienceMs: number): Promise<boolean> {
    if (taken < limit) {
      taken++;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const since = clock.now();
      let cancel: () => void = () => undefined;
      const admit = (): void => {
        cancel();
        resolve(true);
      };
      const wait = (): void => {
        const left = Math.max(since, progressAt) + patienceMs - clock.now();
        if (left > 0) return void (cancel = clock.after(left, wait));
        waiting = waiting.filter((waiter) => waiter !== admit);
        resolve(false);
      };
      waiting.push(admit);
      wait();
    });
  }

  function leave(): void {
    taken--;
    if (taken >= limit) return;
    const next = waiting.shift();
    if (next === undefined) return;
    taken++;
    next();
  }

  async function exec(command: string, patienceMs: number): Promise<SshSession> {
    const since = clock.now();
    for (let pause = retryMs.first; ; pause = Math.min(retryMs.most, pause * 2)) {
      if (!(await enter(patienceMs))) throw noSession();
      const outcome = await openSession(client, command);
      if (outcome.kind === 'open') {
        open++;
        progressAt = clock.now();
        outcome.session.channel.once('close', () => {
          open--;
          progressAt = clock.now();
          leave();
        });
        return outcome.session;
      }
      if (outcome.kind === 'no-session') limit = Math.max(1, Math.min(limit, open));
      leave();
      if (isLost() || outcome.kind === 'gone') throw connectionGone();
      if (outcome.kind === 'no-exec') {
        throw new NetError(
          'refused',
          'the host opens a session but does not run commands in it; look at ForceCommand in its sshd_config',
        );
      }
      const left = Math.max(since, progressAt) + patienceMs - clock.now();
      if (left <= 0) throw noSession();
      await delay(clock, Math.min(pause, left));
    }
  }
  return { exec };
}

const noSession = (): NetError =>
  new NetError(
    'refused',
    'the host gives no session for another command; set MaxSessions of its sshd_config to at least 10',
  );

/** What everything rejects with that a lost connection cuts short. */
export function connectionGone(): NetError {
  return new NetError('closed', 'the connection to the host is gone');
}

type Opened =
  | { readonly kind: 'open'; readonly session: SshSession }
  | { readonly kind: 'no-session' | 'no-exec' | 'gone' };

function openSession(client: Client, command: string): Promise<Opened> {
  return new Promise((resolve) => {
    try {
      client.exec(command, (error, channel) => {
        if (!error) return resolve({ kind: 'open', session: listenForExit(channel) });
        // A refused channel has a reason code; a refused request in an open channel has none. RFC 4254 §5.1, §6.5
        resolve({ kind: 'reason' in error ? 'no-session' : 'no-exec' });
      });
    } catch {
      resolve({ kind: 'gone' });
    }
  });
}

/** At once: the exit of a short command comes in the same packet as its channel. RFC 4254 §6.10 */
function listenForExit(channel: ClientChannel): SshSession {
  let exit: SshExit | undefined;
  channel.once('exit', (code: number | null, signal?: string) => {
    exit = { exitCode: code ?? undefined, signal };
  });
  channel.on('error', () => undefined);
  return { channel, exit: () => exit };
}
