import { type Ipv4, ipv4FromNumber, ipv4ToNumber } from '../../base/ipv4.ts';
import type { Mac } from '../../base/mac.ts';
import type { Lease } from '../ports.ts';
import { AddressHeap } from './address-heap.ts';
import type { AddressPool } from './address-pool.ts';

/** How an address stands. `held`: promised to a client in memory only, while an offer or a commit is under way. */
export interface Holding {
  readonly mac: Mac;
  readonly state: 'held' | Lease['state'];
  /** From then on anybody may get the address; ms since the epoch. */
  readonly until: number;
}

/** The questions that a decision may ask; none of them changes anything. */
export interface LeaseView {
  /** The address last held by or bound to this client, also after it ran out; undefined when another client has it since. */
  addressOf(mac: Mac): Ipv4 | undefined;
  holdingOf(ip: Ipv4): Holding | undefined;
  /** True when this client may have this address now. */
  isFreeFor(ip: Ipv4, mac: Mac, now: number): boolean;
  /** The address to offer; undefined when the pool is full. */
  choose(mac: Mac, requested: Ipv4 | undefined, now: number): Ipv4 | undefined;
}

/**
 * Who has which address of one server. A client is its MAC: the PXE ROM, iPXE and the installed system of one machine send
 * different client ids (option 61), and each would get an address of its own if that were the key, as RFC 2131 §4.2 has it.
 * Every change costs O(log n).
 */
export class LeaseTable implements LeaseView {
  readonly #pool: AddressPool;
  readonly #holdings = new Map<number, Holding>();
  readonly #addresses = new Map<Mac, number>();
  /** Addresses of the dynamic range that somebody had, by the time when they come free. */
  readonly #used = new AddressHeap();
  /** Below this one every address of the range has had a holder, or can't have one. */
  #neverUsed: number;

  constructor(pool: AddressPool, leases: Iterable<Lease> = []) {
    this.#pool = pool;
    this.#neverUsed = pool.begin;
    // The latest lease of a client is the one that it goes on with.
    for (const lease of [...leases].sort((a, b) => a.expiresAt - b.expiresAt)) {
      this.#set(ipv4ToNumber(lease.ip), { mac: lease.mac, state: lease.state, until: lease.expiresAt });
    }
  }

  addressOf(mac: Mac): Ipv4 | undefined {
    const address = this.#addresses.get(mac);
    return address === undefined ? undefined : ipv4FromNumber(address);
  }

  holdingOf(ip: Ipv4): Holding | undefined {
    return this.#holdings.get(ipv4ToNumber(ip));
  }

  isFreeFor(ip: Ipv4, mac: Mac, now: number): boolean {
    return this.#isFree(ipv4ToNumber(ip), mac, now);
  }

  /** Order of RFC 2131 §4.3.1: what it has or had, what it asks for, a new one, the one that ran out longest ago. */
  choose(mac: Mac, requested: Ipv4 | undefined, now: number): Ipv4 | undefined {
    const wishes = [
      this.#pool.reservedFor(mac),
      this.#addresses.get(mac),
      requested === undefined ? undefined : ipv4ToNumber(requested),
      this.#firstNeverUsed(),
    ];
    const wish = wishes.find((address) => address !== undefined && this.#isFree(address, mac, now));
    if (wish !== undefined) return ipv4FromNumber(wish);
    const oldest = this.#used.first();
    return oldest !== undefined && oldest.time <= now ? ipv4FromNumber(oldest.key) : undefined;
  }

  /** Keeps an address for a client until then, in memory; never shortens what it has. Only after `choose` or `isFreeFor`. */
  hold(ip: Ipv4, mac: Mac, until: number, now: number): void {
    const address = ipv4ToNumber(ip);
    const known = this.#holdings.get(address);
    const goesOn = known?.mac === mac && known.until > now;
    if (goesOn && known.state === 'bound') {
      this.#set(address, { ...known, until: Math.max(known.until, until) });
    } else {
      this.#set(address, { mac, state: 'held', until });
    }
  }

  /** Takes a lease that is durable now. False when the client lost the address meanwhile (it released or declined it). */
  bind(lease: Lease): boolean {
    const address = ipv4ToNumber(lease.ip);
    const known = this.#holdings.get(address);
    if (known?.mac !== lease.mac || (known.state !== 'held' && known.state !== 'bound')) return false;
    this.#set(address, { mac: lease.mac, state: 'bound', until: lease.expiresAt });
    return true;
  }

  /** Ends a promise or a lease: `released` leaves the address to the same client as long as nobody else needs it. */
  end(ip: Ipv4, mac: Mac, state: 'declined' | 'released', until: number): void {
    this.#set(ipv4ToNumber(ip), { mac, state, until });
  }

  /** Everything known, for a table over another pool. */
  *entries(): Iterable<readonly [Ipv4, Holding]> {
    for (const [address, holding] of this.#holdings) yield [ipv4FromNumber(address), holding];
  }

  /** A table over another pool that knows what this one knows. */
  over(pool: AddressPool): LeaseTable {
    const table = new LeaseTable(pool);
    for (const [ip, holding] of this.entries()) table.#set(ipv4ToNumber(ip), holding);
    return table;
  }

  #isFree(address: number, mac: Mac, now: number): boolean {
    if (!this.#pool.admits(address, mac)) return false;
    const holding = this.#holdings.get(address);
    return (
      holding === undefined || holding.until <= now || (holding.mac === mac && holding.state !== 'declined')
    );
  }

  #firstNeverUsed(): number | undefined {
    while (
      this.#neverUsed <= this.#pool.end &&
      (this.#holdings.has(this.#neverUsed) || !this.#pool.isDynamic(this.#neverUsed))
    ) {
      this.#neverUsed++;
    }
    return this.#neverUsed <= this.#pool.end ? this.#neverUsed : undefined;
  }

  #set(address: number, holding: Holding): void {
    const before = this.#holdings.get(address);
    if (before !== undefined && this.#addresses.get(before.mac) === address)
      this.#addresses.delete(before.mac);
    this.#holdings.set(address, holding);
    const keepsOther = holding.state === 'released' && this.#addresses.has(holding.mac);
    if (holding.state !== 'declined' && !keepsOther) this.#addresses.set(holding.mac, address);
    if (this.#pool.isDynamic(address)) this.#used.set(address, holding.until);
  }
}
