import type { TftpOption } from './wire/packet.ts';

/** Bounds of what a client may ask for. */
export interface NegotiationLimits {
  /** Largest block in bytes. */
  readonly maxBlockSize: number;
  /** Most blocks in flight. */
  readonly maxWindowSize: number;
}

/** What a transfer runs with, and the options to acknowledge (empty: no OACK, data at once). */
export interface Negotiated {
  readonly blockSize: number;
  readonly windowSize: number;
  /** Retransmission time the client asked for, in ms; undefined when it left that to us. */
  readonly timeoutMs: number | undefined;
  readonly answer: readonly TftpOption[];
}

/** Longest timeout accepted; a longer one would let one lost client hold a place for a quarter of an hour. */
const maxTimeoutSeconds = 60;

/**
 * Chooses the options of a read. Unknown options and values outside the standards are left out of the answer, which tells the
 * client that they do not apply (RFC 2347 §3); a block size or a window above our limit is answered with the limit. Without
 * `totalBytes` tsize stays unanswered: what it would count in netascii, no standard says.
 */
export function negotiate(
  options: readonly TftpOption[],
  totalBytes: number | undefined,
  limits: NegotiationLimits,
): Negotiated {
  let blockSize = 512;
  let windowSize = 1;
  let timeoutMs: number | undefined;
  const answer: TftpOption[] = [];
  for (const { name, value } of options) {
    const asked = decimal(value);
    if (asked === undefined) continue;
    if (name === 'blksize' && asked >= 8 && asked <= 65464) {
      blockSize = Math.min(asked, limits.maxBlockSize); // RFC 2348 §2: less is allowed, more is not
      answer.push({ name, value: String(blockSize) });
    } else if (name === 'tsize' && totalBytes !== undefined) {
      answer.push({ name, value: String(totalBytes) }); // RFC 2349 §3
    } else if (name === 'timeout' && asked >= 1 && asked <= maxTimeoutSeconds) {
      timeoutMs = asked * 1000;
      answer.push({ name, value: String(asked) }); // RFC 2349 §2: the same value or none
    } else if (name === 'windowsize' && asked >= 1 && asked <= 65535) {
      windowSize = Math.min(asked, limits.maxWindowSize); // RFC 7440 §3
      answer.push({ name, value: String(windowSize) });
    }
  }
  return { blockSize, windowSize, timeoutMs, answer };
}

function decimal(value: string): number | undefined {
  return /^\d{1,10}$/.test(value) ? Number(value) : undefined;
}
