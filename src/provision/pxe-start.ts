import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Uuid } from '../base/uuid.ts';
import type { PxeServer } from './model.ts';
import { heldBackText, heldByForeignDhcp } from './notices.ts';
import type { NetbootServices, Notify, OtherDhcpServer, ProvisionStore } from './ports.ts';

/** How long a call waits for other servers; nearly all answer in this time. */
const answerMs = 2000;
/** How long a look takes at the most. */
const lookMs = 6000;

/** Starts servers that shall give addresses only where nobody else does. */
export interface CarefulStart {
  /**
   * Starts a server and answers how it runs. One that shall serve, and whose mode nobody named, first asks whether another DHCP server is
   * there, and then only observes: two servers with addresses on one segment break a LAN that worked.
   */
  start(wish: PxeServer): Promise<PxeServer>;
  /** The server as it is now, which is an observer while nobody knows who else answers. */
  inForce(server: PxeServer): PxeServer;
  /** The server was stopped: its look does not count any more. */
  forget(uuid: Uuid): void;
}

/** Builds it; `start` starts services, `apply` changes those that run. */
export function createCarefulStart(deps: {
  readonly start: (server: PxeServer) => Promise<void>;
  readonly apply: (server: PxeServer) => Promise<void>;
  readonly running: (uuid: Uuid) => PxeServer | undefined;
  readonly inTurn: (uuid: Uuid, work: () => Promise<void>) => Promise<void>;
  readonly netboot: Pick<NetbootServices, 'otherServers'>;
  readonly store: Pick<ProvisionStore, 'savePxeServer'>;
  readonly notify: Notify;
  readonly log: Logger;
}): CarefulStart {
  const { netboot, store, log } = deps;
  /** Servers that observe until it is known whether another one answers. */
  const looking = new Set<Uuid>();

  async function hold(server: PxeServer, other: OtherDhcpServer): Promise<PxeServer> {
    const held = { ...server, dhcpHeldBy: other.server, heldBack: heldBackText(other.server) };
    looking.delete(server.uuid);
    await deps.apply(held);
    deps.notify(heldByForeignDhcp(server.uuid, server.dhcpInterface, other));
    return held;
  }

  /** Lets a server serve when nobody has answered; the caller of the API is not kept waiting for servers that take seconds to offer. */
  async function lookToTheEnd(uuid: Uuid): Promise<void> {
    const [other] = await netboot.otherServers(uuid, lookMs);
    try {
      await deps.inTurn(uuid, async () => {
        const server = deps.running(uuid);
        if (!looking.delete(uuid) || server === undefined) return;
        if (other === undefined || server.dhcpArmed) await deps.apply(server);
        else await store.savePxeServer(await hold(server, other));
      });
    } catch (error) {
      log.error(
        { server: uuid, reason: messageOf(error) },
        'a PXE server could not begin to serve; start it again',
      );
    }
  }

  return {
    async start(wish) {
      const server: PxeServer = { ...wish, status: 'Running', dhcpHeldBy: undefined, heldBack: undefined };
      if (server.dhcpArmed || server.dhcpMode !== 'serve') {
        await deps.start(server);
        return server;
      }
      looking.add(server.uuid);
      try {
        await deps.start(server);
      } catch (error) {
        looking.delete(server.uuid);
        throw error;
      }
      const [other] = await netboot.otherServers(server.uuid, answerMs);
      if (other !== undefined) return hold(server, other);
      void lookToTheEnd(server.uuid);
      return server;
    },
    inForce: (server) =>
      looking.has(server.uuid) && !server.dhcpArmed ? { ...server, dhcpMode: 'observe' } : server,
    forget: (uuid) => void looking.delete(uuid),
  };
}
