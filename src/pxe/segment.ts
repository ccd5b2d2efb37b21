import type { Clock } from '../base/clock.ts';
import type { Ipv4 } from '../base/ipv4.ts';
import type { Logger } from '../base/log.ts';
import type { Uuid } from '../base/uuid.ts';
import type { OpenUdp } from '../net/udp.ts';
import { type BootFiles, loadBootFiles, loaderFor, loaderUrl } from './boot-files.ts';
import { createDhcpServer } from './dhcp/index.ts';
import { createBootHttpServer } from './http/server.ts';
import type { BootContent, BootPolicy, LeaseStore, PxeEventSink } from './ports.ts';
import { createTftpServer } from './tftp/server.ts';

/** One network segment that machines boot from. */
export interface SegmentOptions {
  readonly serverUuid: Uuid;
  /** Interface that DHCP binds to. */
  readonly device: string;
  readonly address: Ipv4;
  readonly netmask: Ipv4;
  readonly rangeBegin: Ipv4;
  readonly rangeEnd: Ipv4;
  readonly router: Ipv4 | undefined;
  readonly dns: readonly Ipv4[] | undefined;
  readonly dhcpPort: number;
  readonly dhcpClientPort: number;
  readonly tftpPort: number;
  readonly httpPort: number;
  readonly ipxeDirectory: string;
  readonly firmwareLeaseSeconds: number;
  readonly hostLeaseSeconds: number;
}

export interface SegmentDeps {
  readonly openUdp: OpenUdp;
  readonly clock: Clock;
  readonly leases: LeaseStore;
  readonly policy: BootPolicy;
  readonly content: BootContent;
  readonly events: PxeEventSink;
  readonly log: Logger;
}

/** A segment in service. */
export interface Segment {
  /** Base of boot URLs, e.g. `http://192.0.2.1:8081`. */
  readonly bootUrl: string;
  close(): Promise<void>;
}

/**
 * Starts boot HTTP, TFTP and, last, DHCP on one interface, so that no machine is sent to a server that is not there yet. A failure
 * closes what was opened and rejects with PxeError, NetError or StoreError.
 */
export async function startSegment(options: SegmentOptions, deps: SegmentDeps): Promise<Segment> {
  const files: BootFiles = await loadBootFiles(options.ipxeDirectory);
  const opened: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    for (const one of opened.toReversed()) await one.close();
  };
  const { clock, events, log, openUdp } = deps;
  try {
    const http = await createBootHttpServer(
      { address: options.address, port: options.httpPort },
      { content: deps.content, loaders: files.file, events, clock, log },
    );
    opened.push(http);
    const bootUrl = `http://${options.address}:${http.port}`;
    opened.push(
      await createTftpServer(
        { address: options.address, port: options.tftpPort },
        { openUdp, clock, files: files.file, events, log },
      ),
    );
    opened.push(
      await createDhcpServer(
        {
          serverUuid: options.serverUuid,
          device: options.device,
          port: options.dhcpPort,
          clientPort: options.dhcpClientPort,
          serverAddress: options.address,
          netmask: options.netmask,
          rangeBegin: options.rangeBegin,
          rangeEnd: options.rangeEnd,
          router: options.router,
          dns: options.dns,
          firmwareLeaseSeconds: options.firmwareLeaseSeconds,
          hostLeaseSeconds: options.hostLeaseSeconds,
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
          log,
        },
      ),
    );
    return { bootUrl, close };
  } catch (error) {
    await close();
    throw error;
  }
}
