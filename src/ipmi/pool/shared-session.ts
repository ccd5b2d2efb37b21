import { type Clock, delay } from '../../base/clock.ts';
import type { RandomBytes } from '../../base/random.ts';
import { getDeviceId } from '../commands/app/get-device-id.ts';
import type { Execute } from '../execute.ts';
import type { BmcLink, BmcSession } from '../link.ts';
import { defaultTiming } from '../session/timing.ts';
import { IpmiError } from '../types.ts';
import { clientVerbs } from '../verbs.ts';
import { type BackOffRange, chanceOf, isSessionLoss, mayAskAgain, nextBackOff } from './back-off.ts';
import type { BmcSlot } from './bmc-slot.ts';
import type { Priority } from './turn-order.ts';

/** When the BMC was last busy with us; one object a BMC, shared by all that use it. */
export interface Traffic {
  heardAt: number;
  endedAt: number;
}

interface ShareDeps {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly patienceMs: number;
  /** With a busy BMC. */
  readonly backOff: BackOffRange;
}

/** A session that was silent for longer is asked whether it still lives before something is sent that can't be sent twice. */
const freshMs = 5000;

/**
 * The BMC's session as one of its users sees it: each command takes its turn among those of the others, work in `exclusively` is one turn.
 * A lost session is opened again; what it was busy with is repeated only where that is safe. `run` is an Execute that yields between
 * commands: long readers get that one. `close` does nothing, the session belongs to the pool.
 */
export function shareSession(
  slot: BmcSlot,
  session: BmcSession,
  traffic: Traffic,
  priority: Priority,
  deps: ShareDeps,
): BmcSession {
  const { clock, random, patienceMs } = deps;
  const gapMs = slot.target.tuning?.gapMs ?? 0;
  const powerTryMs = slot.target.tuning?.timing?.powerTryMs ?? defaultTiming.powerTryMs;

  /** The session's own Execute with gap, and patience with a busy BMC. */
  function patient(inner: Execute, begun: () => void): Execute {
    const deadlineAt = clock.now() + patienceMs;
    return async (command, request, options = {}) => {
      for (let pauseMs: number | undefined; ; ) {
        const gap = traffic.endedAt + gapMs - clock.now();
        if (gap > 0) await delay(clock, gap);
        try {
          begun();
          const reply = await inner(command, request, options);
          traffic.heardAt = clock.now();
          return reply;
        } catch (error) {
          if (!isSessionLoss(error)) traffic.heardAt = clock.now();
          pauseMs = nextBackOff(deps.backOff, pauseMs, chanceOf(random));
          const isLate = clock.now() + pauseMs > deadlineAt;
          if (isLate || !mayAskAgain(error, options.once === true)) throw error;
        } finally {
          traffic.endedAt = clock.now();
        }
        await delay(clock, pauseMs);
      }
    };
  }

  /** One turn: `work` on the open session, or once more on a new one when that was lost. */
  function takeTurn<T>(work: (execute: Execute) => Promise<T>, repeatable: boolean): Promise<T> {
    return slot.turn.run(priority, async () => {
      for (let tries = 1; ; tries++) {
        const current = await slot.open(priority);
        let hasBegun = false;
        try {
          return await current.exclusively(async (inner) => {
            const heardAt = Math.max(traffic.heardAt, slot.openSince() ?? 0);
            const isStale = clock.now() - heardAt > freshMs;
            if (!repeatable && isStale) await patient(inner, () => {})(getDeviceId, undefined);
            return work(patient(inner, () => void (hasBegun = true)));
          });
        } catch (error) {
          if (!isSessionLoss(error)) throw error;
          slot.drop(current);
          if (tries > 1 || (hasBegun && !repeatable)) throw error;
        }
      }
    });
  }

  const run: Execute = (command, request, options) =>
    takeTurn((execute) => execute(command, request, options), options?.once !== true);
  const repeating: BmcLink['exclusively'] = (work) => takeTurn(work, true);
  const exclusively: BmcLink['exclusively'] = (work) => takeTurn(work, false);
  const now = (): BmcSession => {
    const current = slot.session();
    if (!current) throw new IpmiError('closed', 'the session was lost; log in again');
    return current;
  };
  const { chassisControl } = clientVerbs(exclusively, powerTryMs);
  return {
    get facts() {
      return (slot.session() ?? session).facts;
    },
    run,
    exclusively,
    solPort: () => now().solPort(),
    onEnd: (handler) => now().onEnd(handler),
    close: () => Promise.resolve(),
    ...clientVerbs(repeating, powerTryMs),
    chassisControl,
  };
}
