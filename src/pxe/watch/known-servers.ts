import type { Ipv4 } from '../../base/ipv4.ts';

/** Looks in a row that a server must be silent at before it counts as gone: one answer is easily lost. */
const missesUntilGone = 2;

/** Other servers that are known, each with the number of looks since it was seen. */
export type KnownServers = ReadonlyMap<Ipv4, number>;

/** What one look changed. */
export interface LookOutcome {
  readonly known: KnownServers;
  readonly appeared: readonly Ipv4[];
  readonly gone: readonly Ipv4[];
}

/** Takes in what one look saw. */
export function afterLook(known: KnownServers, seen: readonly Ipv4[]): LookOutcome {
  const next = new Map(seen.map((server) => [server, 0]));
  const gone: Ipv4[] = [];
  for (const [server, misses] of known) {
    if (next.has(server)) continue;
    if (misses + 1 >= missesUntilGone) gone.push(server);
    else next.set(server, misses + 1);
  }
  return { known: next, appeared: [...new Set(seen)].filter((server) => !known.has(server)), gone };
}
