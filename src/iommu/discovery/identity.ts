import type { PciFacts } from '../model.ts';

/** What tells a function from others of its host, whatever its address. */
export interface Identity {
  /** Vendor, device and subsystem ids with the function number. */
  readonly what: string;
  /** Where it is plugged in. */
  readonly slot: string;
  /** Undefined when the device has none, or one that says nothing. */
  readonly serial: string | undefined;
}

/** `10de:1e07:1458:37a9/0@\_SB_.PC02/00.0/00.0#3cfdfeffff9e5b40` */
const form = /^([0-9a-f:-]+\/[0-7])@([^#]*)(?:#([0-9a-f]{16}))?$/;

/** The identity of what a look shows. A virtual function has its card's serial, which does not tell it from its siblings. */
export function identityOf(facts: PciFacts): Identity {
  const { vendorId, deviceId, subvendorId = '-', subdeviceId = '-' } = facts;
  return {
    what: `${vendorId}:${deviceId}:${subvendorId}:${subdeviceId}/${facts.address.slice(-1)}`,
    slot: facts.slotPath,
    serial: facts.physicalFunction === undefined ? meaningful(facts.serial) : undefined,
  };
}

/** As it is kept in a row. */
export function writeIdentity({ what, slot, serial }: Identity): string {
  return serial === undefined ? `${what}@${slot}` : `${what}@${slot}#${serial}`;
}

/** As a row keeps it; undefined when it is none. */
export function readIdentity(text: string): Identity | undefined {
  const [, what, slot, serial] = form.exec(text) ?? [];
  return what === undefined || slot === undefined ? undefined : { what, slot, serial };
}

/** Makers that do not number their cards leave the field at all zeros, all ones, or halves of these. */
function meaningful(serial: string | undefined): string | undefined {
  return serial === undefined || /^(?:00|ff)*$/.test(serial) ? undefined : serial;
}

/** One of two sets of things that may be the same devices. */
export interface Known<T> {
  readonly item: T;
  readonly address: string;
  readonly identity: Identity;
}

/**
 * Which stored device each seen one is. First what agrees in everything; then by serial (a card that moved to another slot), unless
 * several have it; then by slot, unless the serials differ (another card of the same model was put there); last by address, for hosts
 * whose firmware names its slots anew. Twins without a serial are told apart by their slots only. Where several stored devices would
 * do, the first one is it.
 */
export function matchIdentities<S, T>(
  stored: readonly Known<S>[],
  seen: readonly Known<T>[],
): ReadonlyMap<T, S> {
  const found = new Map<T, S>();
  const taken = new Set<S>();
  const match = (keyOf: (one: Known<unknown>) => string | undefined): void => {
    const candidates = new Map<string | undefined, Known<S>[]>();
    for (const one of stored) {
      const known = candidates.get(keyOf(one));
      if (known === undefined) candidates.set(keyOf(one), [one]);
      else known.push(one);
    }
    for (const one of seen) {
      const key = keyOf(one);
      if (key === undefined || found.has(one.item)) continue;
      const same = candidates
        .get(key)
        ?.find(({ item, identity }) => !taken.has(item) && mayBeSame(identity, one.identity));
      if (same === undefined) continue;
      found.set(one.item, same.item);
      taken.add(same.item);
    }
  };
  // A serial that several functions of one kind have is the maker's, not the card's.
  const shared = new Set([...repeated(stored.map(serialKey)), ...repeated(seen.map(serialKey))]);
  match(({ identity }) => writeIdentity(identity));
  match((one) => {
    const key = serialKey(one);
    return shared.has(key) ? undefined : key;
  });
  match(({ identity: { what, slot } }) => `${what}@${slot}`);
  match(({ identity: { what }, address }) => `${what}@${address}`);
  return found;
}

function serialKey({ identity: { what, serial } }: Known<unknown>): string | undefined {
  return serial === undefined ? undefined : `${what}#${serial}`;
}

function mayBeSame(a: Identity, b: Identity): boolean {
  return a.serial === undefined || b.serial === undefined || a.serial === b.serial;
}

function repeated(keys: readonly (string | undefined)[]): ReadonlySet<string | undefined> {
  const once = new Set<string | undefined>();
  return new Set(keys.filter((key) => once.size === once.add(key).size));
}
