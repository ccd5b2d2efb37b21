/** The path to one client, in ms: what RFC 6298 §2 calls SRTT and RTTVAR. */
export interface RoundTrip {
  readonly smoothedMs: number;
  readonly deviationMs: number;
}

/** How long the client has been silent, and what is known of it. */
export interface Silence {
  /** Timeout that the client negotiated (RFC 2349), in ms. */
  readonly timeoutMs: number | undefined;
  readonly roundTrip: RoundTrip | undefined;
  /** Waits that ran out since the round trip was measured last; each one doubles the next (RFC 6298 §5.5). */
  readonly backoff: number;
  /** Retransmissions since the client last moved on. */
  readonly tries: number;
  /** Sum of the waits that ran out since then, in ms. */
  readonly silentMs: number;
  /** The client has acknowledged something: its address is no forgery. */
  readonly verified: boolean;
}

/** Before anything is measured; then twice as long each time. */
const firstWaitMs = 1000;
/** A lost packet in a LAN costs this much. Less would repeat packets to firmware that polls its NIC every few ticks. */
const earliestRetryMs = 50;
const longestWaitMs = 8000;
/** Longest wait once the client has answered: it is there, so asking is cheap. */
const longestMeasuredWaitMs = 4000;
/** ROMs hold out for longer; a cable that is plugged in again, or a switch port that comes up, is back by then. */
const patienceMs = 15_000;
/** All that an unverified address can be made to get, beside the first packet. */
const leastTries = 3;

/** A round trip was seen. RFC 6298 §2.2, §2.3 */
export function measureRoundTrip(before: RoundTrip | undefined, sampleMs: number): RoundTrip {
  if (before === undefined) return { smoothedMs: sampleMs, deviationMs: sampleMs / 2 };
  const deviationMs = before.deviationMs * 0.75 + Math.abs(before.smoothedMs - sampleMs) * 0.25;
  return { smoothedMs: before.smoothedMs * 0.875 + sampleMs * 0.125, deviationMs };
}

/** Milliseconds to wait for the client now: its own timeout where it negotiated one, else by the measured path. */
export function waitMs({ timeoutMs, roundTrip, backoff, tries }: Silence): number {
  if (timeoutMs !== undefined) return timeoutMs;
  if (roundTrip === undefined) return Math.min(firstWaitMs * 2 ** tries, longestWaitMs);
  const wait = roundTrip.smoothedMs + 4 * roundTrip.deviationMs;
  const first = Math.min(Math.max(wait, earliestRetryMs), firstWaitMs);
  return Math.min(first * 2 ** Math.min(backoff, 10), longestMeasuredWaitMs);
}

/** True when the wait that ran out was the last one. */
export function isLost(silence: Silence): boolean {
  if (silence.tries < leastTries) return false;
  return !silence.verified || silence.silentMs + waitMs(silence) >= patienceMs;
}
