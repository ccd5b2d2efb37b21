import type { Uuid } from '../base/uuid.ts';
import { type BmcSession, IpmiError, type SolLink } from '../ipmi/index.ts';
import { bmcFault } from './bmc.ts';
import type { BmcProfiles } from './bmc-profiles.ts';
import type { BmcSessions } from './bmc-sessions.ts';
import { targetOf } from './bmc-target.ts';
import type { Fleet } from './fleet.ts';
import type { BmcAccess } from './ports.ts';

/** Whether there is a serial console, and the reason and way out when there is none. */
export type SolState = { readonly yes: true } | { readonly yes: false; readonly text: string };

/** The serial consoles that BMCs carry. */
export interface BmcConsole {
  /** Asks no BMC. */
  solState(chassisUuid: string): Promise<SolState>;
  /**
   * The session that all share, for a console that may last for hours: it costs the BMC no further session. Once it is lost, or the BMC
   * is reached in another way, the link has ended and another one is to be asked for. One at a time. Rejects with IpmiError, `busy` with
   * `data.consoleInUse` while there is one.
   */
  connectSol(chassisUuid: string): Promise<SolLink>;
}

/** Builds it; nothing is sent. */
export function createBmcConsole(deps: {
  readonly fleet: Pick<Fleet, 'get'>;
  readonly access: Pick<BmcAccess, 'lockOut'>;
  readonly sessions: Pick<BmcSessions, 'use'>;
  readonly profiles: Pick<BmcProfiles, 'of'>;
}): BmcConsole {
  const { fleet, access, sessions, profiles } = deps;
  const held = new Set<Uuid>();
  const no = (text: string): SolState => ({ yes: false, text });

  return {
    async solState(chassisUuid) {
      const chassis = fleet.get(chassisUuid);
      if (chassis === undefined) return no(`there is no chassis ${chassisUuid}`);
      if (chassis.ipmiOptions?.protocol === '1.5')
        return no(
          'this BMC is spoken to by IPMI 1.5, which has no serial console; where the BMC can do IPMI 2.0, delete the system tag ipmiProtocol::1.5 of the chassis',
        );
      const { failures, lockedOut } = await access.lockOut(targetOf(chassis, profiles.of(chassis.uuid)));
      if (!lockedOut) return { yes: true };
      return no(
        `the BMC refused the login as "${chassis.ipmiUsername}" ${failures} times, so that none is tried any more: correct it with updateBaremetalChassis, or call releaseBaremetalChassisBmc where it is right`,
      );
    },

    connectSol(chassisUuid) {
      const chassis = fleet.get(chassisUuid);
      if (chassis === undefined)
        return Promise.reject(new IpmiError('bad-target', `there is no chassis ${chassisUuid}`));
      if (held.has(chassis.uuid)) return Promise.reject(heldAlready());
      held.add(chassis.uuid);
      return new Promise((resolve, reject) => {
        const hold = (session: BmcSession): Promise<void> =>
          new Promise((done) => {
            // Also where its user forgets to close it: a lost session is held by nobody.
            session.onEnd(() => done());
            const { run, solPort, onEnd } = session;
            const close = async (): Promise<void> => done();
            resolve({ run, solPort, onEnd, close, giveUp: () => session.close().finally(done) });
          });
        sessions
          .use(chassis, hold, { pinned: true })
          .finally(() => held.delete(chassis.uuid))
          .catch((error: unknown) => {
            if (!(error instanceof IpmiError)) return reject(error);
            const data = { ...error.data };
            reject(new IpmiError(error.code, bmcFault(chassis, error), { data, cause: error }));
          });
      });
    },
  };
}

/** One session carries one console: two users of it would acknowledge each other's packets. */
const heldAlready = (): IpmiError =>
  new IpmiError('busy', 'this server has the console open already; use that one', {
    data: { consoleInUse: true },
  });
