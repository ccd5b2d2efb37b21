/** Refusals that one client gets in a second: more than a boot loader that tries names needs, far less than a flood. */
const perSecond = 50;
/** Addresses that are counted; beyond these (a flood of forged ones) refusals share one count. */
const mostClients = 4096;

/**
 * Counts refusals, so that nobody can have another machine flooded, or our log, by requests for what is not there. `now` is in
 * ms; true while the client may be answered.
 */
export function createRefusalCount(): (client: string, now: number) => boolean {
  const counts = new Map<string, number>();
  let second = 0;
  return (client, now) => {
    if (Math.floor(now / 1000) !== second) {
      second = Math.floor(now / 1000);
      counts.clear();
    }
    const key = counts.has(client) || counts.size < mostClients ? client : '';
    const before = counts.get(key) ?? 0;
    counts.set(key, before + 1);
    return before < perSecond;
  };
}
