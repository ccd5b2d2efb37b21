import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Ipv4 } from '../../base/ipv4.ts';
import { type Logger, silentLog } from '../../base/log.ts';
import type { OpenUdp, UdpSocket } from '../../net/udp.ts';
import type { ServerHandle } from '../handle.ts';
import type { BootPolicy, Firmware, Lease, LeaseStore, PxeEventSink } from '../ports.ts';
import { createPool } from './address-pool.ts';
import { CommitQueue } from './commit-queue.ts';
import { DhcpEffects } from './effects.ts';
import { sightingOf } from './firmware.ts';
import { LeaseTable } from './leases.ts';
import { checkSettings, type DhcpServerOptions, type DhcpSettings, dhcpDefaults } from './options.ts';
import { decideReply } from './reply.ts';
import type { ReplyConfig } from './reply-config.ts';
import { readRequest } from './request.ts';

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
  readonly log?: Logger | undefined;
}

export interface DhcpServerHandle extends ServerHandle {
  /** Takes other settings at once; leases stay. Throws PxeError `bad-dhcp-settings` and changes nothing then. */
  update(settings: Partial<DhcpSettings>): void;
}

/**
 * Starts a DHCP server for one subnet. Rejects with PxeError `bad-dhcp-settings`, NetError, or what the lease store failed with.
 * An ACK leaves only when its lease is durable. `close` ends the answers at once and waits for commits that are under way.
 */
export async function createDhcpServer(
  options: DhcpServerOptions,
  deps: DhcpServerDeps,
): Promise<DhcpServerHandle> {
  checkSettings(options);
  const server = new DhcpServer(options, deps, await deps.leases.load(options.serverUuid));
  return server.open();
}

class DhcpServer {
  readonly #deps: DhcpServerDeps;
  readonly #log: Logger;
  readonly #commits: CommitQueue;
  readonly #effects: DhcpEffects;
  #options: DhcpServerOptions;
  #config: ReplyConfig;
  #table: LeaseTable;
  #socket: UdpSocket | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: DhcpServerOptions, deps: DhcpServerDeps, leases: readonly Lease[]) {
    this.#deps = deps;
    this.#log = deps.log ?? silentLog;
    this.#options = options;
    this.#config = replyConfig(options, deps);
    this.#table = new LeaseTable(createPool(options), leases);
    this.#commits = new CommitQueue(deps.leases, options.maxPending ?? dhcpDefaults.maxPending);
    this.#effects = new DhcpEffects({
      events: (event) => {
        try {
          deps.events(event);
        } catch (error) {
          this.#log.error({ event: event.kind, error: messageOf(error) }, 'a receiver of events threw');
        }
      },
      log: this.#log,
      commits: this.#commits,
      table: () => this.#table,
      send: (reply) =>
        this.#closing === undefined ? this.#socket?.send(reply.datagram, reply.to) : undefined,
    });
  }

  async open(): Promise<DhcpServerHandle> {
    const { device, bindAddress, port } = this.#options;
    this.#socket = await this.#deps.openUdp(
      {
        address: bindAddress ?? dhcpDefaults.bindAddress,
        port: port ?? dhcpDefaults.port,
        broadcast: true,
        ...(device === undefined ? {} : { device }),
      },
      (datagram) => this.#receive(datagram),
    );
    const { local } = this.#socket;
    return {
      address: local.address as Ipv4,
      port: local.port,
      update: (settings) => this.#update(settings),
      close: () => (this.#closing ??= this.#close()),
    };
  }

  #update(settings: Partial<DhcpSettings>): void {
    const options = { ...this.#options, ...settings };
    checkSettings(options);
    this.#options = options;
    this.#config = replyConfig(options, this.#deps);
    this.#table = this.#table.over(createPool(options));
  }

  async #close(): Promise<void> {
    await this.#socket?.close();
    await this.#commits.idle();
  }

  #receive(datagram: Uint8Array): void {
    if (this.#closing !== undefined) return;
    const reading = readRequest(datagram);
    if (reading.kind === 'ignore') {
      this.#log.debug({ reason: reading.reason, detail: reading.detail }, 'dropped a datagram');
      return;
    }
    const { request } = reading;
    const sighting = sightingOf(request, this.#config.serverUuid);
    const asked = { request, sighting, now: this.#deps.clock.now() };
    const decision = this.#deps.policy.decide(sighting);
    if (request.malformed.length > 0) {
      this.#log.debug({ mac: request.mac, malformed: request.malformed }, 'unreadable options');
    }
    if (decision.kind !== 'ignore') this.#effects.noteRequest(asked, datagram.length);
    this.#effects.apply(decideReply(request, decision, this.#table, this.#config, asked.now), asked);
  }
}

function replyConfig(options: DhcpServerOptions, deps: DhcpServerDeps): ReplyConfig {
  return {
    serverUuid: options.serverUuid,
    serverAddress: options.serverAddress,
    netmask: options.netmask,
    router: options.router,
    dns: options.dns ?? [],
    firmwareLeaseSeconds: options.firmwareLeaseSeconds ?? dhcpDefaults.firmwareLeaseSeconds,
    hostLeaseSeconds: options.hostLeaseSeconds ?? dhcpDefaults.hostLeaseSeconds,
    clientPort: options.clientPort ?? dhcpDefaults.clientPort,
    relayPort: dhcpDefaults.port,
    loaderFor: deps.loaderFor,
    httpLoaderUrl: deps.httpLoaderUrl ?? (() => undefined),
  };
}
