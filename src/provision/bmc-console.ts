import type { Uuid } from '../base/uuid.ts';
import { type BmcSession, IpmiError, type SolLink } from '../ipmi/index.ts';
import { bmcFault } from './bmc.ts';
import type { BmcProfiles } from './bmc-profiles.ts';
import type { BmcSessions } from './bmc-sessions.ts';
import { targetOf } from './bmc-target.ts';
import type { Fleet } from './fleet.ts';
import type { Chassis } from './model.ts';
import type { BmcAccess } from './ports.ts';

/** Whether there is a serial console, and the reason and way out when there is none. */
export type SolState = { readonly yes: true } | { readonly yes: false; readonly text: string };

/** The serial consoles that BMCs carry. */
export interface BmcConsole {
  /** Asks no BMC. */
  solState(chassisUuid: string): Promise<SolState>;
  /**
   * The session that all share, for a console that may last for hours: it costs the BMC no further session. Once it is lost, or the BMC
   * is reached in another way, the link has ended and another one is to be asked for. One at a time: while it is being closed the next one
   * waits. Rejects with IpmiError, `busy` with `data.consoleInUse` while there is one.
   */
  connectSol(chassisUuid: string): Promise<SolLink>;
}

/** One use of a BMC's session by a console. */
interface Use {
  /** Its user is done with it, or has lost it. */
  isEnding: boolean;
  /** Resolves when the next one may begin. */
  over: Promise<void>;
}

/** Builds it; nothing is sent. */
export function createBmcConsole(deps: {
  readonly fleet: Pick<Fleet, 'get'>;
  readonly access: Pick<BmcAccess, 'lockOut'>;
  readonly sessions: Pick<BmcSessions, 'use'>;
  readonly profiles: Pick<BmcProfiles, 'of'>;
}): BmcConsole {
  const { fleet, access, sessions, profiles } = deps;
  const held = new Map<Uuid, Use>();

  function hold(chassis: Chassis): Promise<SolLink> {
    return new Promise((resolve, reject) => {
      const use: Use = { isEnding: false, over: Promise.resolve() };
      const work = (session: BmcSession): Promise<void> =>
        new Promise((done) => {
          const end = (): Promise<void> => {
            use.isEnding = true;
            done();
            return use.over;
          };
          // Also where its user forgets to close it: a lost session is held by nobody.
          session.onEnd(() => void end());
          const { run, solPort, onEnd } = session;
          const giveUp = async (): Promise<void> => {
            use.isEnding = true;
            await session.close().catch(() => undefined);
            await end();
          };
          resolve({ run, solPort, onEnd, close: end, giveUp });
        });
      held.set(chassis.uuid, use);
      use.over = sessions
        .use(chassis, work, { pinned: true })
        .finally(() => held.delete(chassis.uuid))
        .catch((error: unknown) => {
          if (!(error instanceof IpmiError)) return reject(error);
          const data = { ...error.data };
          reject(new IpmiError(error.code, bmcFault(chassis, error), { data, cause: error }));
        });
    });
  }

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

    async connectSol(chassisUuid) {
      const chassis = fleet.get(chassisUuid);
      if (chassis === undefined) throw new IpmiError('bad-target', `there is no chassis ${chassisUuid}`);
      for (let before = held.get(chassis.uuid); before !== undefined; before = held.get(chassis.uuid)) {
        if (!before.isEnding) throw heldAlready();
        await before.over;
      }
      return hold(chassis);
    },
  };
}

/** One session carries one console: two users of it would acknowledge each other's packets. */
const heldAlready = (): IpmiError =>
  new IpmiError('busy', 'this server has the console open already; use that one', {
    data: { consoleInUse: true },
  });
