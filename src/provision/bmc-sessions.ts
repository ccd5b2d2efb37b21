import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Uuid } from '../base/uuid.ts';
import { type BmcProfile, type BmcSession, closeLeftoverSessions, type UseOptions } from '../ipmi/index.ts';
import { targetOf } from './bmc-target.ts';
import type { Chassis } from './model.ts';
import type { BmcAccess } from './ports.ts';

/** The one session that everything shares which has to do with a chassis' BMC. */
export interface BmcSessions {
  /** Rejects with IpmiError, or as `work` does. */
  use<T>(chassis: Chassis, work: (session: BmcSession) => Promise<T>, options?: UseOptions): Promise<T>;
  /** The BMC may have sessions of an earlier run of this program, which are closed beside its first use. */
  mayHaveLeftovers(chassisUuid: Uuid): void;
  /** This program is about to have further sessions there, which look the same as leftovers. */
  noLeftovers(chassisUuid: Uuid): void;
}

/** Builds the sessions over the access to BMCs. */
export function createBmcSessions(deps: {
  readonly access: Pick<BmcAccess, 'use'>;
  readonly profileOf: (chassisUuid: Uuid) => BmcProfile | undefined;
  readonly log: Logger;
}): BmcSessions {
  const { access, log } = deps;
  const leftovers = new Set<Uuid>();

  /** A BMC has four or five session slots, and a process that was killed gave its own not back. */
  async function closeLeftovers(chassis: Chassis): Promise<void> {
    const target = targetOf(chassis, deps.profileOf(chassis.uuid));
    try {
      const closed = await access.use(chassis.uuid, target, closeLeftoverSessions, { priority: 'bulk' });
      if (closed > 0) log.info({ chassis: chassis.uuid, closed }, 'closed BMC sessions that were left over');
    } catch (error) {
      log.debug({ chassis: chassis.uuid, reason: messageOf(error) }, 'could not close leftover sessions');
    }
  }

  return {
    use(chassis, work, options) {
      const target = targetOf(chassis, deps.profileOf(chassis.uuid));
      const begun = async (session: BmcSession) => {
        const closing = leftovers.delete(chassis.uuid) ? closeLeftovers(chassis) : undefined;
        // A console would find its predecessor in its place.
        if (options?.pinned === true) await closing;
        return work(session);
      };
      return access.use(chassis.uuid, target, begun, options);
    },
    mayHaveLeftovers: (chassisUuid) => void leftovers.add(chassisUuid),
    noLeftovers: (chassisUuid) => void leftovers.delete(chassisUuid),
  };
}
