import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import {
  type BmcSession,
  causeOfPowerChange,
  getSelTime,
  getSystemRestartCause,
  type PowerCause,
  readSel,
  type SelEntry,
  selTimeOf,
} from '../ipmi/index.ts';
import type { BmcSessions } from './bmc-sessions.ts';
import type { Fleet } from './fleet.ts';
import { powerChanged, powerChangeText } from './notices.ts';
import type { Notify } from './ports.ts';
import type { SeenPowerChange } from './power-record.ts';
import type { RunBook } from './run/book.ts';

/** Newest entries of the event log that may tell of a change. */
const newest = 32;
/** BMCs write entries some time after the fact. */
const slackSeconds = 60;

/** Entries of about the time of a change; `nowSeconds` is the BMC's own clock, `withinSeconds` how long ago the change may have been. */
export function recentEntries(
  entries: readonly SelEntry[],
  nowSeconds: number,
  withinSeconds: number,
): readonly SelEntry[] {
  const now = selTimeOf(nowSeconds);
  return entries.filter(
    ({ time }) =>
      time.kind === 'unspecified' ||
      now.kind === 'unspecified' ||
      (time.kind === now.kind && now.seconds - time.seconds <= withinSeconds + slackSeconds),
  );
}

/** What the BMC tells of a change at most `withinSeconds` ago. Rejects with IpmiError. */
async function readCause(
  session: BmcSession,
  on: boolean,
  withinSeconds: number,
): Promise<PowerCause | undefined> {
  const { entries } = await readSel(session.run, { limit: newest });
  const now = await session.run(getSelTime, undefined);
  // Why it started says nothing about why it stopped.
  const restart = on ? await session.run(getSystemRestartCause, undefined).catch(() => undefined) : undefined;
  return causeOfPowerChange(recentEntries(entries, now, withinSeconds), restart?.cause);
}

/** Tells of power changes that nobody here made, with the cause that the BMC knows; they are taken as they are. */
export function createPowerReport(deps: {
  readonly fleet: Pick<Fleet, 'get'>;
  readonly sessions: Pick<BmcSessions, 'use'>;
  readonly book: () => Pick<RunBook, 'ofChassis' | 'apply'>;
  readonly notify: Notify;
  readonly clock: Clock;
  readonly log: Logger;
}): (change: SeenPowerChange) => void {
  const { fleet, log } = deps;

  async function report({ chassisUuid, on, after }: SeenPowerChange): Promise<void> {
    const chassis = fleet.get(chassisUuid);
    if (chassis === undefined) return;
    const withinSeconds = Math.ceil((deps.clock.now() - after) / 1000);
    const cause = await deps.sessions
      .use(chassis, (session) => readCause(session, on, withinSeconds), { priority: 'bulk' })
      .catch((error: unknown) => {
        log.debug({ chassis: chassisUuid, reason: messageOf(error) }, 'the BMC tells no cause');
        return undefined;
      });
    const text = powerChangeText({ on, cause });
    log.warn({ audit: true, chassis: chassisUuid, name: chassis.name, on }, `a machine ${text}`);
    deps.notify(powerChanged(chassis, { on, cause }));
    const run = deps.book().ofChassis(chassis.uuid);
    if (run) await deps.book().apply(run.uuid, { type: 'power-changed', text: `the machine ${text}` });
  }

  return (change) =>
    void report(change).catch((error: unknown) => {
      log.error(
        { chassis: change.chassisUuid, reason: messageOf(error) },
        'a power change could not be told',
      );
    });
}
