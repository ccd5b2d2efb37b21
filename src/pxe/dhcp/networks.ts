import { type Ipv4, ipv4ToNumber, sameSubnet } from '../../base/ipv4.ts';
import { createPool } from './address-pool.ts';
import type { Arrival } from './destination.ts';
import { type Holding, LeaseTable } from './leases.ts';
import type { DhcpSettings } from './options.ts';
import type { ReplyConfig } from './reply-config.ts';
import type { DhcpRequest } from './request.ts';

/** One subnet that is served: what its clients are told, and who has which address. */
export interface Network {
  readonly config: ReplyConfig;
  readonly table: LeaseTable;
  /** True when its clients are behind a relay. */
  readonly relayed: boolean;
}

/** The network that a request belongs to, or why there is none. */
export type NetworkChoice =
  | { readonly kind: 'network'; readonly network: Network }
  | { readonly kind: 'none'; readonly reason: string };

/** The server's own subnet and those behind relays. */
export class Networks {
  readonly #own: Network;
  readonly #all: readonly Network[];
  /** Addresses of no network here: they count again when their network comes back. */
  readonly #others: readonly (readonly [Ipv4, Holding])[];

  /** `base` has what all networks share; `known` is everything known of addresses. */
  constructor(settings: DhcpSettings, base: ReplyConfig, known: Iterable<readonly [Ipv4, Holding]> = []) {
    const { serverAddress, excluded, reservations } = settings;
    const subnets = [
      { ...settings, subnet: serverAddress, relayed: false },
      ...(settings.subnets ?? []).map((one) => ({ ...one, relayed: true })),
    ];
    const parted = new Map<(typeof subnets)[number] | undefined, (readonly [Ipv4, Holding])[]>();
    for (const entry of known) {
      const subnet = subnets.find(({ subnet: network, netmask }) => sameSubnet(entry[0], network, netmask));
      const part = parted.get(subnet);
      if (part === undefined) parted.set(subnet, [entry]);
      else part.push(entry);
    }
    const networks = subnets.map((one): Network => {
      const { subnet, netmask, rangeBegin, rangeEnd, router, dns = [], relayed } = one;
      const taken = [serverAddress, ...(router === undefined ? [] : [router]), ...dns];
      const pool = createPool({ subnet, netmask, rangeBegin, rangeEnd, taken, excluded, reservations });
      return {
        config: { ...base, subnet, netmask, router, dns },
        table: new LeaseTable(pool, parted.get(one)),
        relayed,
      };
    });
    this.#own = networks[0] as Network;
    this.#all = networks;
    this.#others = parted.get(undefined) ?? [];
  }

  /** The network that an address is of. */
  of(ip: Ipv4): Network | undefined {
    return this.#all.find(({ config: { subnet, netmask } }) => sameSubnet(ip, subnet, netmask));
  }

  /** Everything known of addresses, for other settings. */
  *entries(): Iterable<readonly [Ipv4, Holding]> {
    for (const { table } of this.#all) yield* table.entries();
    for (const other of this.#others) yield other;
  }

  /**
   * Where the client is. Behind a relay: what the relay says (RFC 3527 §3), what the client says (RFC 3011), the relay's own
   * address (RFC 2131 §4.3.1), in this order. Otherwise on our segment, or where it renews its address from. What comes to
   * the proxy port is answered to its sender, which has to be one of our clients.
   */
  choose(request: DhcpRequest, { source, port }: Arrival): NetworkChoice {
    const { giaddr, ciaddr, relay, subnetSelection } = request;
    if (port === 'proxy') {
      const network = ciaddr === undefined || ciaddr === source ? this.of(source) : undefined;
      return network === undefined || !isHost(source, network.config)
        ? none(`asks the proxy port from ${source}, no address of a client here`)
        : { kind: 'network', network };
    }
    if (giaddr === undefined) {
      const network = ciaddr === undefined ? undefined : this.of(ciaddr);
      // The answer would go to ourselves, or to everybody on the segment as a unicast.
      return ciaddr !== undefined && network !== undefined && !isHost(ciaddr, network.config)
        ? none(`asks from ${ciaddr}, which is no other machine's address`)
        : { kind: 'network', network: network ?? this.#own };
    }
    const link = relay?.linkSelection ?? subnetSelection;
    const network = this.of(link ?? giaddr);
    if (network === undefined)
      return none(`relay ${giaddr} of subnet ${link ?? giaddr}, which is not served here`);
    const home = this.of(giaddr);
    // Nobody can have the answer sent to a third party by naming it as the relay.
    if (home === undefined && giaddr !== source) {
      return none(`relay ${giaddr} of another subnet, in a datagram from ${source}`);
    }
    return home !== undefined && !isHost(giaddr, home.config)
      ? none(`relay ${giaddr}, which is no other machine's address`)
      : { kind: 'network', network };
  }
}

function none(reason: string): NetworkChoice {
  return { kind: 'none', reason };
}

function isHost(ip: Ipv4, { netmask, serverAddress }: ReplyConfig): boolean {
  const hostBits = (ipv4ToNumber(ip) & ~ipv4ToNumber(netmask)) >>> 0;
  const allBits = ~ipv4ToNumber(netmask) >>> 0;
  return ip !== serverAddress && hostBits !== 0 && hostBits !== allBits;
}
