import type { Clock } from '../../base/clock.ts';
import type { Ipv4 } from '../../base/ipv4.ts';
import type { Logger } from '../../base/log.ts';
import type { Mac } from '../../base/mac.ts';
import type { OpenUdp } from '../../net/udp.ts';
import type { ServerHandle } from '../handle.ts';
import type { BootPolicy, Firmware, LeaseStore, PxeEventSink } from '../ports.ts';
import { type DhcpServerOptions, type DhcpSettings, dhcpDefaults } from './options.ts';
import type { ReplyConfig } from './reply-config.ts';

export interface DhcpServerDeps {
  readonly openUdp: OpenUdp;
  readonly clock: Pick<Clock, 'now'>;
  readonly leases: LeaseStore;
  readonly policy: BootPolicy;
  readonly events: PxeEventSink;
  /** TFTP name of the first loader. */
  readonly loaderFor: (firmware: Firmware) => string | undefined;
  /** URL of the first loader for UEFI HTTP boot; without it such clients get no answer. */
  readonly httpLoaderUrl?: ((firmware: Firmware) => string | undefined) | undefined;
  /**
   * True when something uses an address already (ARP on the segment, ICMP behind a relay); never rejects, and answers within
   * 500 ms. Without it addresses are offered unchecked.
   */
  readonly inUse?: ((ip: Ipv4, where: { readonly relayed: boolean }) => Promise<boolean>) | undefined;
  /** True when the kernel knows now which MAC an address has, so that a unicast reaches a client that does not have it yet. */
  readonly teachNeighbour?: ((ip: Ipv4, mac: Mac) => boolean) | undefined;
  /** True for the MAC of our own watch for other servers, which is neither answered nor told. */
  readonly isOwnProbe?: ((mac: Mac) => boolean) | undefined;
  readonly log?: Logger | undefined;
}

export interface DhcpServerHandle extends ServerHandle {
  /** Takes other settings at once; leases stay. Throws PxeError `bad-dhcp-settings` and changes nothing then. */
  update(settings: Partial<DhcpSettings>): void;
}

/** What the decisions of a server need; the client's network is filled in for each. */
export function replyConfig(options: DhcpServerOptions, deps: DhcpServerDeps): ReplyConfig {
  return {
    serverUuid: options.serverUuid,
    serverAddress: options.serverAddress,
    subnet: options.serverAddress,
    netmask: options.netmask,
    router: options.router,
    dns: options.dns ?? [],
    onlyReserved: options.onlyReserved ?? false,
    rapidCommit: options.rapidCommit ?? false,
    bootp: options.bootp ?? false,
    firmwareLeaseSeconds: options.firmwareLeaseSeconds ?? dhcpDefaults.firmwareLeaseSeconds,
    installerLeaseSeconds: options.installerLeaseSeconds ?? dhcpDefaults.installerLeaseSeconds,
    hostLeaseSeconds: options.hostLeaseSeconds ?? dhcpDefaults.hostLeaseSeconds,
    clientPort: options.clientPort ?? dhcpDefaults.clientPort,
    relayPort: dhcpDefaults.port,
    loaderFor: deps.loaderFor,
    httpLoaderUrl: deps.httpLoaderUrl ?? (() => undefined),
  };
}
