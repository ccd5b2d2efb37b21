import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { HostShell } from '../../net/shell.ts';
import { keepFollowing, type Watcher } from './followers.ts';
import { createGate } from './gate.ts';
import { createLooks } from './looks.ts';

/** What a visit needs. */
export interface VisitDeps {
  readonly shell: HostShell;
  readonly hostName: () => string;
  /** One look: probes the host and tells the observers. */
  readonly look: (shell: HostShell) => Promise<void>;
  readonly watchers: readonly Watcher[];
  readonly lookEveryMs: number;
  readonly clock: Clock;
  readonly chance: () => number;
  readonly log: Logger;
}

/** One connection to a host, from login to loss: its commands, its looks and its watchers. */
export interface Visit {
  /** At most six commands of it run at a time; more wait. */
  readonly shell: HostShell;
  look(): Promise<void>;
  end(): Promise<void>;
}

/** sshd gives ten sessions a connection as it comes (MaxSessions): six for commands, two for watchers, two to spare. */
const commandsAtOnce = 6;
/** After a look that failed: what was wrong on the host may have passed. */
const retryMs = 30_000;

/** Begins the watchers and the regular looks of a connection. */
export function createVisit(deps: VisitDeps): Visit {
  const { clock, log } = deps;
  const gate = createGate(commandsAtOnce);
  const shell: HostShell = {
    run: (argv, options) => gate(() => deps.shell.run(argv, options)),
    follow: (argv, receive) => deps.shell.follow(argv, receive),
    connect: (target) => deps.shell.connect(target),
    closed: deps.shell.closed,
    close: () => deps.shell.close(),
  };
  let isOver = false;
  let cancelRetry: () => void = () => undefined;
  const look = async (): Promise<void> => {
    cancelRetry();
    try {
      await deps.look(shell);
    } catch (error) {
      if (!isOver) {
        const facts = { host: deps.hostName(), error: messageOf(error) };
        log.warn(facts, 'a look at a host failed; it is tried again');
        cancelRetry = clock.after(retryMs, looks.soon);
      }
      throw error;
    }
  };
  const looks = createLooks(look, clock);
  const stops = deps.watchers.map((watcher) =>
    keepFollowing(watcher, {
      shell: deps.shell,
      changed: looks.soon,
      missing: (name, why) =>
        log.info({ host: deps.hostName(), watcher: name, why }, 'a watcher of a host does not run'),
      clock,
      chance: deps.chance,
    }),
  );
  let cancelRegular: () => void = () => undefined;
  const regular = (): void => {
    cancelRegular = clock.after(deps.lookEveryMs, () => {
      looks.now().catch(() => undefined);
      regular();
    });
  };
  regular();

  return {
    shell,
    look: looks.now,
    async end() {
      isOver = true;
      cancelRegular();
      cancelRetry();
      looks.stop();
      for (const stop of stops) stop();
      await deps.shell.close();
    },
  };
}
