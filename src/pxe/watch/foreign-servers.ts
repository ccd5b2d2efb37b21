import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Ipv4 } from '../../base/ipv4.ts';
import type { Logger } from '../../base/log.ts';
import type { Mac } from '../../base/mac.ts';
import type { Uuid } from '../../base/uuid.ts';
import type { OpenUdp, UdpSocket } from '../../net/udp.ts';
import type { PxeEventSink } from '../ports.ts';
import { afterLook, type KnownServers } from './known-servers.ts';
import type { OwnProbe } from './own-probe.ts';
import { encodeProbe, readOffer, type SeenOffer } from './probe-packet.ts';

/** Servers offer within a second, unless they first look whether the address is taken: dnsmasq for three seconds, busybox for two. */
const waitMs = 5000;
const secondProbeMs = 900;
/** After a first offer; others come about as fast. */
const furtherMs = 300;
/** How often it is seen that the interval was changed. */
const tickMs = 5000;

/** Another DHCP server on the segment. */
export interface ForeignServer extends SeenOffer {
  /** Undefined when it does not answer ARP: it is behind a relay. */
  readonly mac: Mac | undefined;
}

export interface ForeignWatchOptions {
  readonly serverUuid: Uuid;
  readonly device: string;
  readonly port: number;
  readonly clientPort: number;
}

export interface ForeignWatchDeps {
  readonly openUdp: OpenUdp;
  readonly clock: Clock;
  readonly probe: OwnProbe;
  /** True for the address of any server of this process. */
  readonly isOwnServer: (server: Ipv4) => boolean;
  readonly whoHas: (ip: Ipv4) => Promise<Mac | undefined>;
  /** Seconds between two looks, 0 for none; asked again and again. */
  readonly intervalSeconds: () => number;
  readonly events: PxeEventSink;
  readonly log: Logger;
}

/** The watch over one segment. */
export interface ForeignWatch {
  /**
   * Looks now, or joins a look that is under way: resolves soon after the first server answered, with [] when none did within the time
   * (five seconds at the most) or nobody can be asked. Never rejects.
   */
  look(withinMs: number): Promise<readonly ForeignServer[]>;
  close(): Promise<void>;
}

/**
 * Looks for other DHCP servers by a DISCOVER of our own: now and then, and when asked. A server is told (`dhcp-foreign-server`) when it
 * appears, and again only after it was gone. The socket is open during a look alone, and shares port 68 with a DHCP client of this machine.
 */
export function watchForeignServers(options: ForeignWatchOptions, deps: ForeignWatchDeps): ForeignWatch {
  const { clock, log, probe } = deps;
  const { device, serverUuid } = options;
  let known: KnownServers = new Map();
  let looking: Promise<readonly ForeignServer[]> | undefined;
  let lookedAt = 0;
  let isUnable = false;
  let end: (() => void) | undefined;
  let isClosed = false;

  async function ask(): Promise<readonly SeenOffer[]> {
    const offers = new Map<Ipv4, SeenOffer>();
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
      end = resolve;
    });
    const cancels = [clock.after(waitMs, () => finish())];
    const socket = await deps.openUdp(
      {
        address: '0.0.0.0' as Ipv4,
        port: options.clientPort,
        device,
        broadcast: true,
        reuseAddress: true,
      },
      (datagram, from) => {
        const offer = readOffer(datagram, from.address);
        if (offer === undefined || deps.isOwnServer(offer.server) || offers.has(offer.server)) return;
        offers.set(offer.server, offer);
        if (offers.size === 1) cancels.push(clock.after(furtherMs, () => finish()));
      },
    );
    try {
      const send = (): Promise<void> => sendProbe(socket);
      await send();
      cancels.push(clock.after(secondProbeMs, () => void send().catch(() => undefined)));
      await finished;
    } finally {
      for (const cancel of cancels) cancel();
      await socket.close();
    }
    return [...offers.values()];
  }

  function sendProbe(socket: UdpSocket): Promise<void> {
    return socket.send(encodeProbe(probe.mac, probe.nextXid()), {
      address: '255.255.255.255',
      port: options.port,
    });
  }

  async function lookNow(): Promise<readonly ForeignServer[]> {
    lookedAt = clock.now();
    let offers: readonly SeenOffer[];
    try {
      offers = await ask();
      isUnable = false;
    } catch (error) {
      if (!isUnable && !isClosed) {
        log.warn({ device, reason: messageOf(error) }, 'cannot look for other DHCP servers');
      }
      isUnable = true;
      return [];
    }
    const servers = await Promise.all(
      offers.map(async (offer) => ({ ...offer, mac: await deps.whoHas(offer.server) })),
    );
    if (!isClosed) takeIn(servers);
    return servers;
  }

  function takeIn(servers: readonly ForeignServer[]): void {
    const outcome = afterLook(
      known,
      servers.map(({ server }) => server),
    );
    known = outcome.known;
    for (const server of outcome.gone) log.info({ device, server }, 'another DHCP server is gone');
    for (const { server, mac, offered, bootFile } of servers) {
      if (!outcome.appeared.includes(server)) continue;
      log.warn({ device, server, mac, offered, bootFile }, 'another DHCP server answers on this segment');
      deps.events({
        kind: 'dhcp-foreign-server',
        serverUuid,
        server,
        ...(mac === undefined ? {} : { serverMac: mac }),
        ...(offered === undefined ? {} : { offered }),
        ...(bootFile === undefined ? {} : { bootFile }),
      });
    }
  }

  function begin(): Promise<readonly ForeignServer[]> {
    looking ??= lookNow().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  function look(withinMs: number): Promise<readonly ForeignServer[]> {
    if (isClosed) return Promise.resolve([]);
    return new Promise((resolve) => {
      const cancel = clock.after(withinMs, () => resolve([]));
      void begin().then((servers) => {
        cancel();
        resolve(servers);
      });
    });
  }

  let cancelTick: () => void;
  const tick = (): void => {
    const seconds = deps.intervalSeconds();
    if (seconds > 0 && clock.now() - lookedAt >= seconds * 1000) void begin();
    cancelTick = clock.after(tickMs, tick);
  };
  // At once, but not before the segment that asks for it stands.
  cancelTick = clock.after(0, tick);

  return {
    look,
    async close() {
      isClosed = true;
      cancelTick();
      end?.();
      await looking;
    },
  };
}
