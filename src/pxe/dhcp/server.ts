import { messageOf } from '../../base/errors.ts';
import type { Ipv4 } from '../../base/ipv4.ts';
import { type Logger, silentLog } from '../../base/log.ts';
import type { BootDecision, Lease, PxeEvent } from '../ports.ts';
import { checkSettings } from './check-settings.ts';
import { CommitQueue } from './commit-queue.ts';
import { ConflictCheck } from './conflict-check.ts';
import type { Arrival } from './destination.ts';
import { type Asked, DhcpEffects } from './effects.ts';
import { sightingOf } from './firmware.ts';
import { holdingOf } from './leases.ts';
import { type Network, Networks } from './networks.ts';
import { decideObserved } from './observe.ts';
import { type DhcpServerOptions, type DhcpSettings, dhcpDefaults } from './options.ts';
import { PoolForecast } from './pool-forecast.ts';
import { decideProxyReply } from './proxy.ts';
import { type DhcpOutcome, decideReply } from './reply.ts';
import { readRequest } from './request.ts';
import { type DhcpServerDeps, type DhcpServerHandle, replyConfig } from './server-deps.ts';
import { DhcpSockets } from './sockets.ts';

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
  readonly #sockets: DhcpSockets;
  readonly #check: ConflictCheck | undefined;
  /** By subnet. */
  readonly #forecasts = new Map<Ipv4, PoolForecast>();
  #options: DhcpServerOptions;
  #networks: Networks;
  #closing: Promise<void> | undefined;

  constructor(options: DhcpServerOptions, deps: DhcpServerDeps, leases: readonly Lease[]) {
    this.#deps = deps;
    this.#log = deps.log ?? silentLog;
    this.#options = options;
    this.#networks = new Networks(
      options,
      replyConfig(options, deps),
      leases.map((lease) => [lease.ip, holdingOf(lease)]),
    );
    this.#commits = new CommitQueue(deps.leases, options.maxPending ?? dhcpDefaults.maxPending);
    this.#sockets = new DhcpSockets(
      options,
      deps.openUdp,
      (data, from) => this.#receive(data, from),
      this.#log,
    );
    this.#effects = new DhcpEffects({
      events: (event) => this.#tell(event),
      log: this.#log,
      commits: this.#commits,
      networks: () => this.#networks,
      teachNeighbour: deps.teachNeighbour ?? (() => false),
      send: (datagram, to, from) =>
        this.#closing === undefined ? this.#sockets.send(datagram, to, from) : undefined,
    });
    const { inUse } = deps;
    this.#check =
      inUse &&
      new ConflictCheck({
        inUse,
        log: this.#log,
        decide: (asked, tries) => this.#answer({ ...asked, now: deps.clock.now() }, tries),
        conflict: (ip, asked) => this.#effects.conflict(ip, { ...asked, now: deps.clock.now() }),
        giveUp: (asked) =>
          this.#effects.apply({ kind: 'ignore', reason: 'several addresses in a row are in use' }, asked),
      });
  }

  async open(): Promise<DhcpServerHandle> {
    const { port = dhcpDefaults.port, mode } = this.#options;
    const local = await this.#sockets.open(port, mode === 'proxy');
    return {
      ...local,
      update: (settings) => this.#update(settings),
      close: () => (this.#closing ??= this.#close()),
    };
  }

  #update(settings: Partial<DhcpSettings>): void {
    const options = { ...this.#options, ...settings };
    checkSettings(options);
    this.#options = options;
    this.#networks = new Networks(options, replyConfig(options, this.#deps), this.#networks.entries());
    if (this.#closing === undefined) this.#sockets.wantProxy(options.mode === 'proxy');
  }

  async #close(): Promise<void> {
    await this.#sockets.close();
    await this.#commits.idle();
  }

  #receive(datagram: Uint8Array, arrival: Arrival): void {
    if (this.#closing !== undefined) return;
    const reading = readRequest(datagram);
    if (reading.kind === 'ignore') {
      this.#log.debug({ reason: reading.reason, detail: reading.detail }, 'dropped a datagram');
      return;
    }
    const { request } = reading;
    if (this.#deps.isOwnProbe?.(request.mac) === true) return;
    const sighting = sightingOf(request, this.#options.serverUuid);
    const asked = { request, sighting, now: this.#deps.clock.now(), arrival };
    if (request.malformed.length > 0) {
      this.#log.debug({ mac: request.mac, malformed: request.malformed }, 'unreadable options');
    }
    const decision = this.#deps.policy.decide(sighting);
    if (decision.kind !== 'ignore') this.#effects.noteRequest(asked, datagram.length);
    const asksAnew = request.type === 'discover' || request.type === 'bootp';
    if (asksAnew && this.#check?.joins(asked) === true) return;
    this.#decide(asked, decision, 0);
  }

  /** Decides a message whose probe has ended. */
  #answer(asked: Asked, tries: number): void {
    if (this.#closing !== undefined) return;
    this.#decide(asked, this.#deps.policy.decide(asked.sighting), tries);
  }

  #decide(asked: Asked, decision: BootDecision, tries: number): void {
    const { request, arrival, now } = asked;
    const choice = this.#networks.choose(request, arrival);
    if (choice.kind === 'none') {
      const reason = decision.kind === 'ignore' ? decision.reason : choice.reason;
      return this.#effects.apply({ kind: 'ignore', reason }, asked);
    }
    const { config, table, relayed } = choice.network;
    const { mode = dhcpDefaults.mode } = this.#options;
    const outcome =
      mode === 'serve'
        ? decideReply(request, decision, table, config, now)
        : mode === 'proxy'
          ? decideProxyReply(request, decision, arrival, config)
          : decideObserved(request, decision);
    const ip = freshAddress(outcome);
    if (ip !== undefined) {
      this.#forecast(choice.network, asked);
      if (this.#check?.begin(ip, relayed, asked, tries) === true) return this.#effects.hold(ip, asked);
    }
    this.#effects.apply(outcome, asked);
  }

  #forecast({ config, table }: Network, { request: { mac }, now }: Asked): void {
    const forecast = this.#forecasts.get(config.subnet) ?? new PoolForecast();
    this.#forecasts.set(config.subnet, forecast);
    const warning = forecast.note(mac, now, () => table.countFree(now));
    if (warning === undefined) return;
    this.#tell({ kind: 'dhcp-pool-forecast', serverUuid: config.serverUuid, ...warning });
  }

  #tell(event: PxeEvent): void {
    try {
      this.#deps.events(event);
    } catch (error) {
      this.#log.error({ event: event.kind, error: messageOf(error) }, 'a receiver of events threw');
    }
  }
}

/** The address of an answer that nobody may have used lately. */
function freshAddress(outcome: DhcpOutcome): Ipv4 | undefined {
  if (outcome.kind === 'offer') return outcome.fresh ? outcome.ip : undefined;
  return outcome.kind === 'ack' && outcome.fresh ? outcome.lease?.ip : undefined;
}
