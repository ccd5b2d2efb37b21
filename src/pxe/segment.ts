import type { Clock } from '../base/clock.ts';
import type { Ipv4 } from '../base/ipv4.ts';
import type { Logger } from '../base/log.ts';
import type { RandomBytes } from '../base/random.ts';
import type { Uuid } from '../base/uuid.ts';
import { openNeighbourTable } from '../net/neighbours.ts';
import { createAddressProbe } from '../net/probe/address-probe.ts';
import type { OpenUdp } from '../net/udp.ts';
import { type BootFiles, loadBootFiles, loaderFor, loaderUrl } from './boot-files.ts';
import { createDhcpServer } from './dhcp/index.ts';
import type { DhcpSettings } from './dhcp/options.ts';
import { createBootHttpServer } from './http/server.ts';
import type { BootContent, BootPolicy, LeaseStore, PxeEventSink } from './ports.ts';
import { createTftpServer } from './tftp/server.ts';
import { type ForeignServer, watchForeignServers } from './watch/foreign-servers.ts';
import type { OwnProbe } from './watch/own-probe.ts';

/** What DHCP does on a segment, apart from the address that the interface has. */
export type SegmentSettings = Omit<DhcpSettings, 'serverAddress' | 'netmask'>;

/** One network segment that machines boot from. */
export interface SegmentOptions {
  readonly serverUuid: Uuid;
  /** Interface that DHCP binds to. */
  readonly device: string;
  readonly address: Ipv4;
  readonly netmask: Ipv4;
  readonly settings: SegmentSettings;
  readonly dhcpPort: number;
  readonly dhcpClientPort: number;
  readonly dhcpProxyPort: number;
  readonly tftpPort: number;
  readonly tftpSinglePort: boolean;
  readonly httpPort: number;
  /** Bytes of the largest packet that reaches the machines whole. */
  readonly mtu: number;
  readonly ipxeDirectory: string;
}

export interface SegmentDeps {
  readonly openUdp: OpenUdp;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly leases: LeaseStore;
  readonly policy: BootPolicy;
  readonly content: BootContent;
  readonly events: PxeEventSink;
  /** Who this process is when it looks for other DHCP servers. */
  readonly ownProbe: OwnProbe;
  /** True for the address of any segment of this process. */
  readonly isOwnServer: (server: Ipv4) => boolean;
  /** Seconds between two looks for other DHCP servers, 0 for none; asked again and again. */
  readonly watchIntervalSeconds: () => number;
  readonly log: Logger;
}

/** A segment in service. */
export interface Segment {
  /** Base of boot URLs, e.g. `http://192.0.2.1:8081`. */
  readonly bootUrl: string;
  /** Takes other settings at once; leases and transfers go on. Throws PxeError `bad-dhcp-settings` and changes nothing then. */
  update(settings: Partial<SegmentSettings>): void;
  /** Other DHCP servers that answer here now, within the time (five seconds tell all); never rejects. */
  otherServers(withinMs: number): Promise<readonly ForeignServer[]>;
  close(): Promise<void>;
}

/**
 * Starts boot HTTP, TFTP and, last, DHCP on one interface, so that no machine is sent to a server that is not there yet. A failure
 * closes what was opened and rejects with PxeError, NetError or StoreError.
 */
export async function startSegment(options: SegmentOptions, deps: SegmentDeps): Promise<Segment> {
  const files: BootFiles = await loadBootFiles(options.ipxeDirectory);
  const opened: { close(): Promise<void> | void }[] = [];
  const close = async (): Promise<void> => {
    for (const one of opened.splice(0).toReversed()) await one.close();
  };
  const add = <T extends { close(): Promise<void> | void }>(one: T): T => {
    opened.push(one);
    return one;
  };
  const { clock, events, log, openUdp, ownProbe, random } = deps;
  const { address, device, netmask, serverUuid } = options;
  try {
    const http = add(
      await createBootHttpServer(
        { address, port: options.httpPort },
        { content: deps.content, loaders: files.file, events, clock, log },
      ),
    );
    const bootUrl = `http://${address}:${http.port}`;
    add(
      await createTftpServer(
        {
          address,
          port: options.tftpPort,
          singlePort: options.tftpSinglePort,
          mtu: options.mtu,
        },
        { openUdp, clock, files: files.file, events, log },
      ),
    );
    const probe = add(await createAddressProbe(device, { clock, random, log }));
    const neighbours = add(await openNeighbourTable(device));
    const dhcp = add(
      await createDhcpServer(
        {
          ...options.settings,
          serverUuid,
          device,
          port: options.dhcpPort,
          clientPort: options.dhcpClientPort,
          proxyPort: options.dhcpProxyPort,
          serverAddress: address,
          netmask,
        },
        {
          openUdp,
          clock,
          leases: deps.leases,
          policy: deps.policy,
          events,
          loaderFor: (firmware) => loaderFor(firmware, files.has),
          httpLoaderUrl: (firmware) => {
            const name = loaderFor(firmware, files.has);
            return name === undefined ? undefined : loaderUrl(bootUrl, name);
          },
          inUse: (ip, where) => probe.inUse(ip, where),
          teachNeighbour: (ip, mac) => neighbours.teach(ip, mac),
          isOwnProbe: (mac) => ownProbe.isOwn(mac),
          log,
        },
      ),
    );
    const watch = add(
      watchForeignServers(
        { serverUuid, device, port: options.dhcpPort, clientPort: options.dhcpClientPort },
        {
          openUdp,
          clock,
          probe: ownProbe,
          isOwnServer: (server) => server === address || deps.isOwnServer(server),
          whoHas: (ip) => probe.whoHas(ip),
          intervalSeconds: deps.watchIntervalSeconds,
          events,
          log,
        },
      ),
    );
    return {
      bootUrl,
      update: (settings) => dhcp.update(settings),
      otherServers: (withinMs) => watch.look(withinMs),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
