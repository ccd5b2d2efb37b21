import { messageOf } from '../../base/errors.ts';
import type { Ipv4 } from '../../base/ipv4.ts';
import type { Logger } from '../../base/log.ts';
import type { Mac } from '../../base/mac.ts';
import type { Asked } from './effects.ts';

/** Addresses tried for one DISCOVER; a segment where three in a row are taken needs a person, and the client asks again anyway. */
const MOST_TRIES = 3;
/** Probes under way; above that offers go without, because a storm must not wait for its own checks. */
const MOST_PROBES = 256;

export interface ConflictCheckDeps {
  /** True when something uses the address. */
  readonly inUse: (ip: Ipv4, where: { readonly relayed: boolean }) => Promise<boolean>;
  readonly log: Logger;
  /** The address is nobody's: decides the client's latest message again. `tries` are the addresses that were in use. */
  readonly decide: (asked: Asked, tries: number) => void;
  readonly conflict: (ip: Ipv4, asked: Asked) => void;
  readonly giveUp: (asked: Asked) => void;
}

interface Probe {
  /** The latest message of the client. */
  asked: Asked;
}

/** Looks whether an address is in use before it is offered (RFC 2131 §3.1 step 2). Clients are checked side by side. */
export class ConflictCheck {
  readonly #deps: ConflictCheckDeps;
  readonly #probes = new Map<Mac, Probe>();

  constructor(deps: ConflictCheckDeps) {
    this.#deps = deps;
  }

  /** True when the client waits for a probe already, which then answers this message in place of the earlier one. */
  joins(asked: Asked): boolean {
    const probe = this.#probes.get(asked.request.mac);
    if (probe === undefined) return false;
    probe.asked = asked;
    return true;
  }

  /** Begins a probe, unless too many are under way: then false, and the offer goes unchecked. */
  begin(ip: Ipv4, relayed: boolean, asked: Asked, tries: number): boolean {
    if (this.#probes.size >= MOST_PROBES) return false;
    const probe: Probe = { asked };
    this.#probes.set(asked.request.mac, probe);
    void this.#run(ip, relayed, probe, tries);
    return true;
  }

  async #run(ip: Ipv4, relayed: boolean, probe: Probe, tries: number): Promise<void> {
    const inUse = await this.#inUse(ip, relayed);
    const { asked } = probe;
    this.#probes.delete(asked.request.mac);
    if (!inUse) return this.#deps.decide(asked, tries);
    this.#deps.conflict(ip, asked);
    if (tries + 1 < MOST_TRIES) this.#deps.decide(asked, tries + 1);
    else this.#deps.giveUp(asked);
  }

  async #inUse(ip: Ipv4, relayed: boolean): Promise<boolean> {
    try {
      return await this.#deps.inUse(ip, { relayed });
    } catch (error) {
      this.#deps.log.error(
        { ip, error: messageOf(error) },
        'an address could not be checked, and is taken for free',
      );
      return false;
    }
  }
}
