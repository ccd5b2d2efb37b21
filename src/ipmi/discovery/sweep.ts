import type { Ipv4 } from '../../base/ipv4.ts';
import { createGate } from '../pool/gate.ts';
import type { IpmiTiming } from '../session/timing.ts';
import { pingPresence } from '../presence.ts';
import type { SweepCredential } from './credential-plan.ts';
import { type DiscoveredBmc, inspectBmc, type InspectDeps } from './inspect-bmc.ts';
import { pacedUdp } from './pacer.ts';
import { addressesOf } from './ranges.ts';

export interface SweepOptions {
  /** Addresses, ranges and networks; see `addressesOf`. */
  readonly ranges: readonly string[];
  /** Default 623. */
  readonly port?: number;
  /** Datagrams for all addresses together, without those of logins. Default 500. */
  readonly packetsPerSecond?: number;
  /** Tried in their order. Default none. */
  readonly credentials?: readonly SweepCredential[];
  /** All users may fail once at a BMC; else two of them. Default false. */
  readonly thorough?: boolean;
  /** Asks also those that do not answer the presence ping, which some BMCs have switched off. Default false: it is slow. */
  readonly askSilent?: boolean;
  /** BMCs that are looked at together. Default 32. */
  readonly parallel?: number;
  readonly timing?: Partial<IpmiTiming>;
  readonly progress?: (progress: SweepProgress) => void;
}

export interface SweepProgress {
  /** Addresses that are done with, of `total`. */
  readonly done: number;
  readonly total: number;
  readonly found: number;
}

export interface SweepResult {
  /** In the order of their addresses. */
  readonly rows: readonly DiscoveredBmc[];
  readonly total: number;
  /** False when it was cancelled: the rows are those until then. */
  readonly complete: boolean;
}

/** Addresses that are pinged over one socket before those that answered are looked at. */
const portion = 1024;

/** One question and two repetitions: somebody who pings answers soon. */
const sweepTiming: Partial<IpmiTiming> = { retryMs: [500, 1000], deadlineMs: 5000 };

/**
 * Looks for BMCs: presence pings first, then what each tells without a login, then logins with the caller's credentials behind the lock-out
 * guard. Rejects with IpmiError `bad-target` for ranges that are none.
 */
export async function sweepBmcs(options: SweepOptions, deps: InspectDeps): Promise<SweepResult> {
  const { port = 623, packetsPerSecond = 500, askSilent = false, parallel = 32 } = options;
  const { signal } = deps;
  const timing = { ...sweepTiming, ...options.timing };
  const inspect = { credentials: options.credentials ?? [], thorough: options.thorough ?? false, timing };
  const paced = { ...deps, openUdp: pacedUdp(deps.openUdp, deps.clock, packetsPerSecond, signal) };
  const addresses = addressesOf(options.ranges);
  const total = addresses.length;
  const rows: DiscoveredBmc[] = [];
  const gate = createGate(parallel);
  let done = 0;
  const advance = (by: number): void => {
    done += by;
    options.progress?.({ done, total, found: rows.length });
  };
  const isAborted = (): boolean => signal?.aborted === true;

  async function look(all: readonly Ipv4[]): Promise<void> {
    const pongs = await pingPresence(all, paced, { port });
    const asked = all.filter((address) => askSilent || pongs.has(address));
    advance(all.length - asked.length);
    await Promise.all(
      asked.map((address) =>
        gate.run('bulk', async () => {
          if (isAborted()) return;
          const row = await inspectBmc({ address, port }, pongs.get(address), inspect, paced);
          if (row) rows.push(row);
          advance(1);
        }),
      ),
    );
  }

  for (let at = 0; at < total && !isAborted(); at += portion) await look(addresses.slice(at, at + portion));
  const order = new Map<string, number>(addresses.map((address, at) => [address, at]));
  const place = ({ address }: DiscoveredBmc): number => order.get(address) ?? total;
  return { rows: rows.toSorted((a, b) => place(a) - place(b)), total, complete: !isAborted() };
}
