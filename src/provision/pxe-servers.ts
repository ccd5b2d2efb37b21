import type { Clock } from '../base/clock.ts';
import { CodedError, messageOf } from '../base/errors.ts';
import {
  broadcastOf,
  type Ipv4,
  ipv4FromNumber,
  ipv4ToNumber,
  prefixOfNetmask,
  sameSubnet,
} from '../base/ipv4.ts';
import type { Logger } from '../base/log.ts';
import type { RandomBytes } from '../base/random.ts';
import type { Uuid } from '../base/uuid.ts';
import { badArgument, checkIpv4, checkResourceUuid, checkText } from './checks.ts';
import type { PxeServer } from './model.ts';
import type { InterfaceAddress, NetbootServices, ProvisionStore } from './ports.ts';
import { ProvisionError, type ProvisionService, type PxeServerInput } from './service.ts';

type Range = Pick<PxeServer, 'dhcpRangeBegin' | 'dhcpRangeEnd' | 'dhcpRangeNetmask'>;

/** Without a wish the last quarter of the subnet, where static addresses are rarest. */
function defaultRange(address: InterfaceAddress): Range {
  const mask = ipv4ToNumber(address.netmask);
  const network = (ipv4ToNumber(address.address) & mask) >>> 0;
  const size = (~mask >>> 0) + 1;
  if (size < 8)
    throw badArgument('dhcpInterface', `its subnet has only ${size} addresses; give a larger one`);
  return {
    dhcpRangeBegin: ipv4FromNumber(network + Math.floor((size * 3) / 4)),
    dhcpRangeEnd: ipv4FromNumber(network + size - 2),
    dhcpRangeNetmask: address.netmask,
  };
}

/** The wished range checked against the interface: none, begin and end, or all three. */
export function checkRange(
  wish: Pick<PxeServerInput, 'dhcpRangeBegin' | 'dhcpRangeEnd' | 'dhcpRangeNetmask'>,
  address: InterfaceAddress,
): Range {
  const { dhcpRangeBegin: begin, dhcpRangeEnd: end, dhcpRangeNetmask: netmask } = wish;
  if (begin === undefined && end === undefined && netmask === undefined) return defaultRange(address);
  if (begin === undefined || end === undefined) {
    throw badArgument(
      'dhcpRangeBegin',
      'give dhcpRangeBegin and dhcpRangeEnd, or these and dhcpRangeNetmask, or none of them',
    );
  }
  const range = {
    dhcpRangeBegin: checkIpv4('dhcpRangeBegin', begin),
    dhcpRangeEnd: checkIpv4('dhcpRangeEnd', end),
    dhcpRangeNetmask: netmask === undefined ? address.netmask : checkIpv4('dhcpRangeNetmask', netmask),
  };
  if (prefixOfNetmask(range.dhcpRangeNetmask) === undefined)
    throw badArgument('dhcpRangeNetmask', 'is no netmask');
  if (range.dhcpRangeNetmask !== address.netmask) {
    throw badArgument('dhcpRangeNetmask', `must be that of ${address.name}, ${address.netmask}`);
  }
  if (ipv4ToNumber(range.dhcpRangeBegin) > ipv4ToNumber(range.dhcpRangeEnd)) {
    throw badArgument('dhcpRangeBegin', 'must not be above dhcpRangeEnd');
  }
  for (const [parameter, ip] of [
    ['dhcpRangeBegin', range.dhcpRangeBegin],
    ['dhcpRangeEnd', range.dhcpRangeEnd],
  ] as const) {
    if (!sameSubnet(ip, address.address, address.netmask)) {
      throw badArgument(
        parameter,
        `${ip} is not in the subnet of ${address.name}, ${address.address}/${prefixOfNetmask(address.netmask)}`,
      );
    }
    if (ip === broadcastOf(address.address, address.netmask) || isNetwork(ip, address.netmask)) {
      throw badArgument(parameter, `${ip} is the network's own or its broadcast address`);
    }
  }
  return range;
}

function isNetwork(ip: Ipv4, netmask: Ipv4): boolean {
  return (ipv4ToNumber(ip) & ~ipv4ToNumber(netmask)) >>> 0 === 0;
}

export type PxeServerService = Pick<
  ProvisionService,
  'createPxeServer' | 'updatePxeServer' | 'deletePxeServer' | 'startPxeServer' | 'stopPxeServer'
> & {
  /** Starts what was running before a restart; what cannot start is logged and left for the next try. */
  resume(): Promise<void>;
};

/** PXE servers: one a network interface, each with its DHCP, TFTP and boot HTTP. */
export function createPxeServerService(deps: {
  readonly store: ProvisionStore;
  readonly netboot: NetbootServices;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
}): PxeServerService {
  const { store, netboot } = deps;

  function addressOf(name: string): InterfaceAddress {
    const [address] = netboot.interfaceAddresses(name);
    if (address) return address;
    throw badArgument(
      'dhcpInterface',
      `"${name}" is no network interface with an IPv4 address on this machine; "ip -4 address" lists them`,
    );
  }

  async function get(uuid: string): Promise<PxeServer> {
    const server = await store.getPxeServer(uuid as Uuid);
    if (!server) throw new ProvisionError('not-found', `there is no PXE server ${uuid}`);
    return server;
  }

  async function start(server: PxeServer): Promise<void> {
    try {
      await netboot.start(server, addressOf(server.dhcpInterface));
    } catch (error) {
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

  return {
    async createPxeServer(input) {
      const dhcpInterface = checkText('dhcpInterface', input.dhcpInterface, 128);
      const range = checkRange(input, addressOf(dhcpInterface));
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
        status: 'Running',
        createDate: now,
        lastOpDate: now,
      };
      if (others.some((other) => other.uuid === server.uuid))
        throw new ProvisionError('conflict', `resourceUuid ${server.uuid} is taken`);
      await start(server);
      try {
        await store.savePxeServer(server);
      } catch (error) {
        await netboot.stop(server.uuid);
        throw error;
      }
      return server.uuid;
    },
    async updatePxeServer(uuid, change) {
      const server = await get(uuid);
      if (change.dhcpInterface !== undefined && change.dhcpInterface !== server.dhcpInterface) {
        throw badArgument(
          'dhcpInterface',
          'cannot be changed; delete the PXE server and create it on the other interface',
        );
      }
      const rangeChanges = change.dhcpRangeBegin ?? change.dhcpRangeEnd ?? change.dhcpRangeNetmask;
      const next: PxeServer = {
        ...server,
        name: change.name === undefined ? server.name : checkText('name', change.name),
        description: change.description ?? server.description,
        ...(rangeChanges === undefined
          ? {}
          : checkRange(
              {
                dhcpRangeBegin: change.dhcpRangeBegin ?? server.dhcpRangeBegin,
                dhcpRangeEnd: change.dhcpRangeEnd ?? server.dhcpRangeEnd,
                dhcpRangeNetmask: change.dhcpRangeNetmask ?? server.dhcpRangeNetmask,
              },
              addressOf(server.dhcpInterface),
            )),
        lastOpDate: deps.clock.now(),
      };
      await store.savePxeServer(next);
      if (rangeChanges !== undefined && server.status === 'Running') {
        await netboot.stop(server.uuid);
        await start(next);
      }
    },
    async deletePxeServer(uuid) {
      await netboot.stop(uuid as Uuid);
      await store.deletePxeServer(uuid as Uuid);
    },
    async startPxeServer(uuid) {
      const server = await get(uuid);
      if (netboot.bootUrl(server.uuid) === undefined) await start(server);
      await store.savePxeServer({ ...server, status: 'Running', lastOpDate: deps.clock.now() });
    },
    async stopPxeServer(uuid) {
      const server = await get(uuid);
      await netboot.stop(server.uuid);
      await store.savePxeServer({ ...server, status: 'Stopped', lastOpDate: deps.clock.now() });
    },
    async resume() {
      for (const server of await store.listPxeServers()) {
        if (server.status !== 'Running') continue;
        try {
          await start(server);
        } catch (error) {
          deps.log.error(
            { server: server.uuid, interface: server.dhcpInterface, reason: messageOf(error) },
            'a PXE server could not start again; put it right and start it with startBaremetalPxeServer',
          );
          await store.savePxeServer({ ...server, status: 'Stopped', lastOpDate: deps.clock.now() });
        }
      }
    },
  };
}
