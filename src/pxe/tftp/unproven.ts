/** How long an answer that nobody acknowledged counts against its address. */
const windowMs = 10_000;
/** Transfers that an address may begin in that time without being heard: several ROMs behind one relay, and one that lost its ACKs. */
const mostUnproven = 8;
/** Addresses that are counted; a flood of more is met with silence until the time is over. */
const mostClients = 4096;

/** Takes one transfer off the count: its client was heard, so the address is no forgery. */
export type Proven = () => void;

/**
 * Counts transfers whose client was never heard. A request costs a forger some twenty bytes and sends its victim four packets of up
 * to 516 bytes; this bounds how many of these an address gets. `now` is in ms. Undefined when the client has to be met with silence.
 */
export function createUnprovenCount(): (client: string, now: number) => Proven | undefined {
  let counts = new Map<string, number>();
  let window = 0;
  return (client, now) => {
    if (Math.floor(now / windowMs) !== window) {
      window = Math.floor(now / windowMs);
      counts = new Map();
    }
    const before = counts.get(client) ?? 0;
    if (before >= mostUnproven || (before === 0 && counts.size >= mostClients)) return undefined;
    counts.set(client, before + 1);
    const counted = counts;
    return () => {
      const left = (counted.get(client) ?? 1) - 1;
      if (left === 0) counted.delete(client);
      else counted.set(client, left);
    };
  };
}
