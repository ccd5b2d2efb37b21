import type { Clock } from '../base/clock.ts';
import { CodedError, messageOf } from '../base/errors.ts';
import type { Ipv4 } from '../base/ipv4.ts';
import type { Logger } from '../base/log.ts';
import type { RandomBytes } from '../base/random.ts';
import { createTurns } from '../base/turns.ts';
import type { Uuid } from '../base/uuid.ts';
import { badArgument, checkResourceUuid, checkText, takenUuid } from './checks.ts';
import { type DhcpPlan, dhcpPlanOf, effectiveMode } from './dhcp-plan.ts';
import { checkDhcpWishes, noDhcpWishes } from './dhcp-wishes.ts';
import type { DhcpMode, PxeServer } from './model.ts';
import { heldBackText } from './notices.ts';
import type { InterfaceAddress, NetbootServices, Notify, ProvisionStore } from './ports.ts';
import { createCarefulStart } from './pxe-start.ts';
import { checkRange } from './pxe-range.ts';
import { ProvisionError, type ProvisionService } from './service.ts';

export type PxeServerService = Pick<
  ProvisionService,
  'createPxeServer' | 'updatePxeServer' | 'deletePxeServer' | 'startPxeServer' | 'stopPxeServer'
> & {
  /** Starts what was running before a restart; what cannot start is logged and left for the next try. */
  readonly resume: () => Promise<void>;
  /** The mode in effect of a server that runs, from memory. */
  readonly modeOf: (serverUuid: Uuid) => DhcpMode | undefined;
  /** The services of a running server went, and why; undefined: they are back. Never rejects. */
  readonly segmentChanged: (serverUuid: Uuid, problem: string | undefined) => Promise<void>;
  /** Addresses of hostcfgs came or went: brings the ranges of running servers in step. Never rejects. */
  readonly hostCfgsChanged: () => Promise<void>;
};

/** PXE servers: one a network interface, each with its DHCP, TFTP and boot HTTP. */
export function createPxeServerService(deps: {
  readonly store: ProvisionStore;
  readonly netboot: NetbootServices;
  readonly notify: Notify;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
}): PxeServerService {
  const { store, netboot, log } = deps;
  const inTurn = createTurns();
  /** Servers that run, as they were started or changed last. */
  const running = new Map<Uuid, PxeServer>();
  const problems = new Map<Uuid, string>();
  const careful = createCarefulStart({
    start: (server) => start(server),
    apply,
    running: (uuid) => running.get(uuid),
    inTurn,
    netboot,
    store,
    notify: deps.notify,
    log,
  });

  function addressOf(name: string): InterfaceAddress {
    const [address] = netboot.interfaceAddresses(name);
    if (address) return address;
    throw badArgument(
      'dhcpInterface',
      `"${name}" is no network interface with an IPv4 address on this machine; "ip -4 address" lists them`,
    );
  }

  const ownAddresses = (name: string): readonly Ipv4[] =>
    netboot.interfaceAddresses(name).map(({ address }) => address);

  async function get(uuid: string): Promise<PxeServer> {
    const server = await store.getPxeServer(uuid as Uuid);
    if (!server) throw new ProvisionError('not-found', `there is no PXE server ${uuid}`);
    return server;
  }

  const planOf = async (server: PxeServer): Promise<DhcpPlan> =>
    dhcpPlanOf(careful.inForce(server), await store.listHostCfgAddresses());

  async function start(server: PxeServer, patient = false): Promise<void> {
    try {
      if (!patient) addressOf(server.dhcpInterface);
      await netboot.start(server, await planOf(server), { patient });
      running.set(server.uuid, server);
    } catch (error) {
      running.delete(server.uuid);
      if (error instanceof ProvisionError) throw error;
      throw new ProvisionError(
        'pxe-server-start-failed',
        `the PXE server on ${server.dhcpInterface} could not start: ${messageOf(error)}`,
        {
          cause: error,
          data: error instanceof CodedError ? { code: error.code } : {},
        },
      );
    }
  }

  async function stop(uuid: Uuid): Promise<void> {
    await netboot.stop(uuid);
    running.delete(uuid);
    careful.forget(uuid);
    problems.delete(uuid);
  }

  /** Brings running services to what `next` says. Rejects as `invalid-argument` when they refuse it, and nothing has changed then. */
  async function apply(next: PxeServer): Promise<void> {
    const plan = await planOf(next);
    try {
      netboot.update(next.uuid, plan);
    } catch (error) {
      throw new ProvisionError('invalid-argument', messageOf(error), { cause: error });
    }
    running.set(next.uuid, next);
  }

  const stateText = (server: PxeServer): string | undefined =>
    problems.get(server.uuid) ??
    (server.dhcpHeldBy === undefined ? undefined : heldBackText(server.dhcpHeldBy));

  let planning: Promise<void> | undefined;
  let isPlanStale = false;
  async function replan(): Promise<void> {
    while (isPlanStale) {
      isPlanStale = false;
      const addresses = await store.listHostCfgAddresses();
      for (const server of running.values())
        netboot.update(server.uuid, dhcpPlanOf(careful.inForce(server), addresses));
    }
  }

  return {
    async createPxeServer(input) {
      const dhcpInterface = checkText('dhcpInterface', input.dhcpInterface, 128);
      const range = checkRange(input, addressOf(dhcpInterface));
      const wishes = checkDhcpWishes(input, noDhcpWishes, range, ownAddresses(dhcpInterface));
      const others = await store.listPxeServers();
      if (others.some((other) => other.dhcpInterface === dhcpInterface)) {
        throw new ProvisionError('conflict', `there is a PXE server on ${dhcpInterface} already`);
      }
      const now = deps.clock.now();
      const server: PxeServer = {
        uuid: checkResourceUuid(input.resourceUuid, deps.random),
        name: checkText('name', input.name),
        description: input.description,
        dhcpInterface,
        ...range,
        dhcpMode: input.dhcpMode ?? 'serve',
        dhcpArmed: input.dhcpMode !== undefined,
        ...wishes,
        dhcpHeldBy: undefined,
        heldBack: undefined,
        status: 'Running',
        createDate: now,
        lastOpDate: now,
      };
      if (others.some((other) => other.uuid === server.uuid)) throw takenUuid(server.uuid);
      return inTurn(server.uuid, async () => {
        try {
          await store.savePxeServer(await careful.start(server));
        } catch (error) {
          await stop(server.uuid);
          throw error;
        }
        return server.uuid;
      });
    },
    updatePxeServer: (uuid, change) =>
      inTurn(uuid as Uuid, async () => {
        const server = await get(uuid);
        if (change.dhcpInterface !== undefined && change.dhcpInterface !== server.dhcpInterface) {
          throw badArgument(
            'dhcpInterface',
            'cannot be changed; delete the PXE server and create it on the other interface',
          );
        }
        const rangeChanges = change.dhcpRangeBegin ?? change.dhcpRangeEnd ?? change.dhcpRangeNetmask;
        const range =
          rangeChanges === undefined
            ? server
            : checkRange(
                {
                  dhcpRangeBegin: change.dhcpRangeBegin ?? server.dhcpRangeBegin,
                  dhcpRangeEnd: change.dhcpRangeEnd ?? server.dhcpRangeEnd,
                  dhcpRangeNetmask: change.dhcpRangeNetmask ?? server.dhcpRangeNetmask,
                },
                addressOf(server.dhcpInterface),
              );
        const { dhcpRangeBegin, dhcpRangeEnd, dhcpRangeNetmask } = range;
        const armed: PxeServer = {
          ...server,
          name: change.name === undefined ? server.name : checkText('name', change.name),
          description: change.description ?? server.description,
          dhcpRangeBegin,
          dhcpRangeEnd,
          dhcpRangeNetmask,
          ...checkDhcpWishes(change, server, range, ownAddresses(server.dhcpInterface)),
          // Naming the mode arms the server: whoever names it has been told what else answers there.
          ...(change.dhcpMode === undefined
            ? {}
            : { dhcpMode: change.dhcpMode, dhcpArmed: true, dhcpHeldBy: undefined }),
          lastOpDate: deps.clock.now(),
        };
        const next = { ...armed, heldBack: stateText(armed) };
        const before = running.get(server.uuid);
        if (before !== undefined) await apply(next);
        try {
          await store.savePxeServer(next);
        } catch (error) {
          if (before !== undefined) await apply(before);
          throw error;
        }
      }),
    deletePxeServer: (uuid) =>
      inTurn(uuid as Uuid, async () => {
        await stop(uuid as Uuid);
        await store.deletePxeServer(uuid as Uuid);
      }),
    startPxeServer: (uuid) =>
      inTurn(uuid as Uuid, async () => {
        const server = await get(uuid);
        const started = netboot.bootUrl(server.uuid) === undefined ? await careful.start(server) : server;
        await store.savePxeServer({ ...started, status: 'Running', lastOpDate: deps.clock.now() });
      }),
    stopPxeServer: (uuid) =>
      inTurn(uuid as Uuid, async () => {
        const server = await get(uuid);
        await stop(server.uuid);
        await store.savePxeServer({
          ...server,
          status: 'Stopped',
          dhcpHeldBy: undefined,
          heldBack: undefined,
          lastOpDate: deps.clock.now(),
        });
      }),
    async resume() {
      for (const server of await store.listPxeServers()) {
        if (server.status !== 'Running') continue;
        // What is still in the way tells itself again.
        const fresh = { ...server, heldBack: stateText(server) };
        try {
          await start(fresh, true);
        } catch (error) {
          log.error(
            { server: server.uuid, interface: server.dhcpInterface, reason: messageOf(error) },
            'a PXE server could not start again; put it right and start it with startBaremetalPxeServer',
          );
          await store.savePxeServer({ ...fresh, status: 'Stopped', lastOpDate: deps.clock.now() });
        }
      }
    },
    modeOf(serverUuid) {
      const server = running.get(serverUuid);
      return server && effectiveMode(careful.inForce(server));
    },
    async segmentChanged(serverUuid, problem) {
      if (problem === undefined) problems.delete(serverUuid);
      else problems.set(serverUuid, problem);
      try {
        await inTurn(serverUuid, async () => {
          const server = await store.getPxeServer(serverUuid);
          if (server === undefined || server.status !== 'Running') return;
          const heldBack = stateText(server);
          if (heldBack !== server.heldBack) await store.savePxeServer({ ...server, heldBack });
        });
      } catch (error) {
        log.error(
          { server: serverUuid, reason: messageOf(error) },
          'the state of a PXE server could not be saved',
        );
      }
    },
    async hostCfgsChanged() {
      isPlanStale = true;
      planning ??= replan()
        .catch((error: unknown) =>
          log.error(
            { reason: messageOf(error) },
            'the addresses of hostcfgs could not be kept out of DHCP ranges',
          ),
        )
        .finally(() => {
          planning = undefined;
        });
      await planning;
    },
  };
}
