export const protocols = ['dhcp', 'tftp', 'http'] as const;
export type Protocol = (typeof protocols)[number];

/** What the attacker does; on its command line as JSON. */
export interface AttackOrder {
  readonly protocol: Protocol;
  readonly cases: number;
  /** The same seed makes the same packets. */
  readonly seed: number;
  /** Machines that the server knows; the last one is the witness that is never mutated. */
  readonly known: number;
  /** First three octets of addresses that are the attacker's. */
  readonly addresses: string;
}

/** What it saw. */
export interface AttackReport {
  readonly sent: number;
  /** The witness asked so often, and always got its right answer. */
  readonly witnessed: number;
  /** Bytes of frames on the cable in both directions, the witness's too. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** As Tally has them. */
  readonly answers: Readonly<Record<string, number>>;
  readonly amplified: Readonly<Record<string, number>>;
  readonly larger: Readonly<Record<string, number>>;
  /** Bytes of the largest answer. */
  readonly largest: Readonly<Record<string, number>>;
}
