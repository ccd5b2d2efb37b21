import { type Ipv4, ipv4FromNumber, ipv4ToNumber } from '../../base/ipv4.ts';
import type { Mac } from '../../base/mac.ts';
import type { Lease } from '../ports.ts';
import { AddressHeap } from './address-heap.ts';
import type { AddressPool, Client } from './address-pool.ts';

/** A client that came back within this time has its address itself, if anything on the segment has. */
const LATELY_MS = 3_600_000;

/** Moves of a client that are remembered; one that makes more at once keeps some addresses until they run out. */
const mostMoves = 64;

/** How an address stands. `held`: promised to a client in memory only, while an offer or a commit is under way. */
export interface Holding {
  readonly mac: Mac;
  readonly state: 'held' | Lease['state'];
  /** From then on anybody may get the address; ms since the epoch. */
  readonly until: number;
  /** What the client's lease on disk says; undefined when there is none, or when it is being written anew. */
  readonly stored?: Stored | undefined;
}

/** The part of a lease on disk that its client's next one may change. */
export type Stored = Pick<Lease, 'expiresAt' | 'clientId'>;

/** The questions that a decision may ask; none of them changes anything. */
export interface LeaseView {
  /** The address last held by or bound to this client, also after it ran out; undefined when another client has it since. */
  addressOf(mac: Mac): Ipv4 | undefined;
  holdingOf(ip: Ipv4): Holding | undefined;
  /** True when this client may have this address now. */
  isFreeFor(ip: Ipv4, client: Client, now: number): boolean;
  /** True when this client had the address until now or a short while ago, so that nothing else can have taken it. */
  hadLately(ip: Ipv4, mac: Mac, now: number): boolean;
  isReservedFor(client: Client): boolean;
  /** When this client's lease runs out on disk; undefined when that one is not the client's in every point. */
  storedUntil(ip: Ipv4, client: Client): number | undefined;
  /** The address to offer; undefined when the pool is full. */
  choose(client: Client, requested: Ipv4 | undefined, now: number): Ipv4 | undefined;
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
  /** Addresses that a client went through one after the other, up to that which it is about to get. */
  readonly #moves = new Map<Mac, readonly number[]>();
  /** Leases on their way to the disk, the latest of each address; until it is there nobody knows what the disk says. */
  readonly #writing = new Map<number, Lease>();
  /**
   * Addresses of the dynamic range that somebody had, by a time before which they don't come free: a lease that goes on is put in its
   * place only when the pool has nothing else left.
   */
  readonly #used = new AddressHeap();
  /** Below this one every address of the range has had a holder, or can't have one. */
  #neverUsed: number;

  constructor(pool: AddressPool, known: Iterable<readonly [Ipv4, Holding]> = []) {
    this.#pool = pool;
    this.#neverUsed = pool.begin;
    // The latest lease of a client is the one that it goes on with.
    for (const [ip, holding] of [...known].sort(([, a], [, b]) => a.until - b.until)) {
      this.#set(ipv4ToNumber(ip), holding);
    }
  }

  addressOf(mac: Mac): Ipv4 | undefined {
    const address = this.#addresses.get(mac);
    return address === undefined ? undefined : ipv4FromNumber(address);
  }

  holdingOf(ip: Ipv4): Holding | undefined {
    return this.#holdings.get(ipv4ToNumber(ip));
  }

  isFreeFor(ip: Ipv4, client: Client, now: number): boolean {
    return this.#isFree(ipv4ToNumber(ip), client, now);
  }

  hadLately(ip: Ipv4, mac: Mac, now: number): boolean {
    const holding = this.#holdings.get(ipv4ToNumber(ip));
    return holding?.mac === mac && holding.state !== 'declined' && holding.until + LATELY_MS > now;
  }

  isReservedFor(client: Client): boolean {
    return this.#pool.reservedFor(client) !== undefined;
  }

  storedUntil(ip: Ipv4, { mac, clientId }: Client): number | undefined {
    const address = ipv4ToNumber(ip);
    const holding = this.#holdings.get(address);
    if (holding?.mac !== mac || holding.state !== 'bound' || this.#writing.has(address)) return undefined;
    const { stored } = holding;
    // After a restart a client goes on with the lease that runs out last, so that one of several has to be written.
    if (this.#addresses.get(mac) !== address) return undefined;
    return stored !== undefined && stored.clientId === clientId ? stored.expiresAt : undefined;
  }

  /** Addresses of the range that are nobody's now. Costs O(n). */
  countFree(now: number): number {
    let free = this.#pool.size;
    for (const [address, { until }] of this.#holdings) {
      if (until > now && this.#pool.isDynamic(address)) free--;
    }
    return free;
  }

  /** Order of RFC 2131 §4.3.1: what it has or had, what it asks for, a new one, the one that ran out longest ago. */
  choose(client: Client, requested: Ipv4 | undefined, now: number): Ipv4 | undefined {
    const isFree = (address: number | undefined): address is number =>
      address !== undefined && this.#isFree(address, client, now);
    const reserved = this.#pool.reservedFor(client);
    if (isFree(reserved)) return ipv4FromNumber(reserved);
    const last = this.#addresses.get(client.mac);
    if (isFree(last)) return ipv4FromNumber(last);
    const wished = requested === undefined ? undefined : ipv4ToNumber(requested);
    if (isFree(wished)) return ipv4FromNumber(wished);
    const fresh = this.#firstNeverUsed();
    if (isFree(fresh)) return ipv4FromNumber(fresh);
    const oldest = this.#firstToComeFree();
    return oldest !== undefined && oldest.until <= now ? ipv4FromNumber(oldest.address) : undefined;
  }

  /** Keeps an address for a client until then, in memory; never shortens what it has. Only after `choose` or `isFreeFor`. */
  hold(ip: Ipv4, mac: Mac, until: number, now: number): void {
    const address = ipv4ToNumber(ip);
    const known = this.#holdings.get(address);
    const goesOn = known?.mac === mac && known.until > now;
    const last = this.#addresses.get(mac);
    if (last !== undefined && last !== address)
      this.#moves.set(mac, [...(this.#moves.get(mac) ?? [last]).slice(-mostMoves), address]);
    if (goesOn && known.state === 'bound') {
      if (known.until >= until && last === address) return;
      this.#set(address, { ...known, until: Math.max(known.until, until) });
    } else {
      this.#set(address, { mac, state: 'held', until, stored: undefined });
    }
  }

  /** A lease is handed to the store. */
  write(lease: Lease): void {
    this.#writing.set(ipv4ToNumber(lease.ip), lease);
  }

  /** Takes a lease that is durable now. False when the client lost the address meanwhile (it released or declined it). */
  bind(lease: Lease): boolean {
    const address = ipv4ToNumber(lease.ip);
    const known = this.#holdings.get(address);
    // Of a table that settings replaced meanwhile nobody knows what else is on its way.
    const isLatest = this.#writing.get(address) === lease;
    if (isLatest) this.#writing.delete(address);
    if (known?.mac !== lease.mac || (known.state !== 'held' && known.state !== 'bound')) return false;
    const { mac, expiresAt, clientId } = lease;
    this.#set(address, {
      mac,
      state: 'bound',
      until: expiresAt,
      stored: isLatest ? { expiresAt, clientId } : undefined,
    });
    return true;
  }

  /**
   * Leases that a client has beside that of this address and did not give back. A client is its MAC and has one address, or one that asks
   * for address after address would soon have them all.
   */
  takeFormer(ip: Ipv4, mac: Mac): readonly Ipv4[] {
    const moves = this.#moves.get(mac);
    if (moves === undefined) return [];
    const at = moves.indexOf(ipv4ToNumber(ip));
    // Those behind it are still on their way to the disk.
    if (at === moves.length - 1) this.#moves.delete(mac);
    else this.#moves.set(mac, moves.slice(Math.max(at, 0)));
    return [...new Set(moves.slice(0, Math.max(at, 0)))]
      .filter((former) => {
        const holding = this.#holdings.get(former);
        return holding?.mac === mac && holding.state === 'bound';
      })
      .map((former) => ipv4FromNumber(former));
  }

  /** Ends a promise or a lease: `released` leaves the address to the same client as long as nobody else needs it. */
  end(ip: Ipv4, mac: Mac, state: 'declined' | 'released', until: number): void {
    this.#set(ipv4ToNumber(ip), { mac, state, until, stored: undefined });
  }

  /** Everything known, for tables over other pools. */
  *entries(): Iterable<readonly [Ipv4, Holding]> {
    for (const [address, holding] of this.#holdings) {
      const isSure = !this.#writing.has(address);
      yield [ipv4FromNumber(address), isSure ? holding : { ...holding, stored: undefined }];
    }
  }

  #isFree(address: number, client: Client, now: number): boolean {
    if (!this.#pool.admits(address, client)) return false;
    const holding = this.#holdings.get(address);
    return (
      holding === undefined ||
      holding.until <= now ||
      (holding.mac === client.mac && holding.state !== 'declined')
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

  #firstToComeFree(): { readonly address: number; readonly until: number } | undefined {
    for (;;) {
      const first = this.#used.first();
      const until = first && this.#holdings.get(first.key)?.until;
      if (first === undefined || until === undefined) return undefined;
      if (until === first.time) return { address: first.key, until };
      this.#used.set(first.key, until);
    }
  }

  #set(address: number, holding: Holding): void {
    const before = this.#holdings.get(address);
    if (before !== undefined && this.#addresses.get(before.mac) === address)
      this.#addresses.delete(before.mac);
    this.#holdings.set(address, holding);
    const keepsOther = holding.state === 'released' && this.#addresses.has(holding.mac);
    if (holding.state !== 'declined' && !keepsOther) this.#addresses.set(holding.mac, address);
    if (!this.#pool.isDynamic(address)) return;
    const earliest = this.#used.timeOf(address);
    if (earliest === undefined || holding.until < earliest) this.#used.set(address, holding.until);
  }
}

/** What a lease says about its address. */
export function holdingOf({ mac, state, expiresAt, clientId }: Lease): Holding {
  const stored = state === 'bound' ? { expiresAt, clientId } : undefined;
  return { mac, state, until: expiresAt, stored };
}
