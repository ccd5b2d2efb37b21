import { randomBytes } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { parseIpv4 } from '../base/ipv4.ts';
import type { Logger } from '../base/log.ts';
import type { Config } from '../config.ts';
import { openInterfaceLook } from '../net/interface-state.ts';
import { interfaceAddresses } from '../net/interfaces.ts';
import type { OpenUdp } from '../net/udp.ts';
import type { Settings } from '../platform/index.ts';
import type { Provision } from '../provision/create.ts';
import type { NetbootServices } from '../provision/ports.ts';
import { createOwnProbe } from '../pxe/watch/own-probe.ts';
import { createSegments } from '../pxe/watch/segments.ts';
import type { LeaseStore } from '../pxe/ports.ts';

/** The network services of PXE servers as provisioning starts them. `provision` and `settings` are asked once a machine speaks. */
export function composeNetboot(deps: {
  readonly boot: Config['boot'];
  readonly openUdp: OpenUdp;
  readonly leases: LeaseStore;
  readonly provision: () => Provision;
  readonly settings: () => Settings;
  readonly clock: Clock;
  readonly log: Logger;
}): { readonly services: NetbootServices; close(): Promise<void> } {
  const { boot, openUdp, leases, provision, settings, clock, log } = deps;
  const segments = createSegments(
    {
      dhcpPort: boot.dhcpPort,
      dhcpClientPort: boot.dhcpClientPort,
      dhcpProxyPort: boot.dhcpProxyPort,
      tftpPort: boot.tftpPort,
      tftpSinglePort: boot.tftpSinglePort,
      httpPort: boot.httpPort,
      mtu: boot.mtu,
      ipxeDirectory: boot.ipxeDirectory,
    },
    {
      openUdp,
      openInterfaceLook,
      clock,
      random: randomBytes,
      leases,
      policy: { decide: (sighting) => provision().policy.decide(sighting) },
      content: {
        get: (request) => provision().content.get(request),
        post: (request) => provision().content.post(request),
      },
      events: (event) => provision().events(event),
      ownProbe: createOwnProbe(randomBytes),
      moving: () => ({
        firmwareLeaseSeconds: settings().get('baremetal.dhcp.lease.firmware'),
        installerLeaseSeconds: settings().get('baremetal.dhcp.lease.installer'),
        hostLeaseSeconds: settings().get('baremetal.dhcp.lease.host'),
      }),
      watchIntervalSeconds: () => settings().get('baremetal.dhcp.watch.interval'),
      changed: (serverUuid, problem) => void provision().segmentChanged(serverUuid, problem),
      log,
    },
  );
  const common = {
    router: boot.router === undefined ? undefined : parseIpv4(boot.router),
    dns: boot.dns === undefined ? undefined : [boot.dns].flatMap((ip) => parseIpv4(ip) ?? []),
    rapidCommit: boot.rapidCommit,
    bootp: boot.bootp,
  };
  const services: NetbootServices = {
    interfaceAddresses,
    start: ({ uuid, dhcpInterface }, plan, { patient }) =>
      segments.start({
        serverUuid: uuid,
        device: dhcpInterface,
        settings: { ...common, ...plan },
        patient,
      }),
    update: (serverUuid, plan) => segments.update(serverUuid, plan),
    otherServers: (serverUuid, withinMs) => segments.otherServers(serverUuid, withinMs),
    stop: (serverUuid) => segments.stop(serverUuid),
    bootUrl: (serverUuid) => segments.bootUrl(serverUuid),
  };
  return { services, close: () => segments.close() };
}
