import { assertNever } from '../../base/errors.ts';
import { type NegotiationLimits, negotiate } from './negotiate.ts';
import { printable } from './request.ts';
import type { TftpOption, TftpPacket, TftpRequest } from './wire/packet.ts';

/** How a transfer ended. */
export type TransferOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly reason: string }
  /** The client said ERROR before it took any data: the tsize probe of PXE ROMs, or options it does not like. No failure. */
  | { readonly kind: 'probe'; readonly reason: string };

/** One file on its way to one client. Block numbers here are absolute; the wire carries their low 16 bits. */
export interface Transfer {
  readonly content: Uint8Array;
  readonly blockSize: number;
  readonly windowSize: number;
  readonly timeoutMs: number | undefined;
  readonly answer: readonly TftpOption[];
  readonly phase: 'negotiating' | 'sending' | 'ended';
  /** Last block the client acknowledged in order; 0 before the first. */
  readonly acked: number;
  /** Last block that was ever sent. */
  readonly sent: number;
  /** Retransmissions since the client last moved on. */
  readonly tries: number;
  /** The blocks after `acked` were already sent again on the client's word. */
  readonly resent: boolean;
  /** When the packets in flight were sent, for the round trip; undefined once one was repeated (Karn). */
  readonly sentAt: number | undefined;
  /** Longest round trip seen lately, in ms. */
  readonly roundTripMs: number | undefined;
}

export type TransferEvent =
  /** A packet of this client; `now` in ms on any steady scale. */
  | { readonly kind: 'packet'; readonly packet: TftpPacket; readonly now: number }
  | { readonly kind: 'timeout' }
  /** The client repeated its request: our first answer did not reach it, or not yet. */
  | { readonly kind: 'asked-again' };

export type TransferEffect =
  | { readonly kind: 'send'; readonly packet: TftpPacket }
  /** (Re)start the only timer. */
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'end'; readonly outcome: TransferOutcome };

export type TransferStep = readonly [Transfer, readonly TransferEffect[]];

/** Waits before each retransmission; after the last one the transfer has failed (15 s in all, less than ROMs hold out). */
const waitsMs = [1000, 2000, 4000, 8000] as const;
/** Floor of the early retransmission that a known round trip permits; the usual least retransmission time of TCP on Linux. */
const earliestRetryMs = 200;

/** Answers a read request: OACK when options were taken, the first data otherwise. RFC 1350 §4, RFC 2347 §3 */
export function beginTransfer(
  request: TftpRequest,
  content: Uint8Array,
  limits: NegotiationLimits,
  now: number,
): TransferStep {
  const { blockSize, windowSize, timeoutMs, answer } = negotiate(request.options, content.length, limits);
  const transfer: Transfer = {
    content,
    blockSize,
    windowSize,
    timeoutMs,
    answer,
    phase: answer.length > 0 ? 'negotiating' : 'sending',
    acked: 0,
    sent: 0,
    tries: 0,
    resent: false,
    sentAt: now,
    roundTripMs: undefined,
  };
  return sendOn(transfer, now);
}

/** Moves a transfer on; an ended one stays ended and does nothing. */
export function step(transfer: Transfer, event: TransferEvent): TransferStep {
  if (transfer.phase === 'ended') return [transfer, []];
  switch (event.kind) {
    case 'packet':
      return onPacket(transfer, event.packet, event.now);
    case 'timeout':
      return onTimeout(transfer);
    case 'asked-again':
      return transfer.acked === 0 ? repeat(transfer) : [transfer, []];
    default:
      return assertNever(event, 'transfer event');
  }
}

/** Number of the last block, which is shorter than the block size and may be empty. RFC 1350 §6 */
export function lastBlockOf(transfer: Pick<Transfer, 'content' | 'blockSize'>): number {
  return Math.floor(transfer.content.length / transfer.blockSize) + 1;
}

/** Bytes the client has acknowledged. */
export function ackedBytes(transfer: Transfer): number {
  return Math.min(transfer.acked * transfer.blockSize, transfer.content.length);
}

function onPacket(transfer: Transfer, packet: TftpPacket, now: number): TransferStep {
  if (packet.kind === 'error') {
    const text = `the client stopped: error ${packet.code} ${printable(packet.message)}`.trimEnd();
    return transfer.acked === 0
      ? end(transfer, { kind: 'probe', reason: text })
      : end(transfer, { kind: 'failed', reason: `${text}, after block ${transfer.acked}` });
  }
  if (packet.kind !== 'ack') return [transfer, []];
  if (transfer.phase === 'negotiating') {
    if (packet.block !== 0) return [transfer, []];
    return sendOn({ ...measured(transfer, now), phase: 'sending', tries: 0 }, now);
  }
  const ahead = (packet.block - transfer.acked) & 0xffff;
  if (ahead > transfer.sent - transfer.acked) return [transfer, []];
  if (ahead === 0) return onDuplicate(transfer);
  const acked = transfer.acked + ahead;
  const moved: Transfer = { ...measured(transfer, now), acked, tries: 0, resent: acked < transfer.sent };
  return acked === lastBlockOf(transfer) ? end(moved, { kind: 'done' }) : sendOn(moved, now);
}

/**
 * With one block in flight a duplicate ACK is never answered: that would double every packet from there on (RFC 1123 §4.2.3.1).
 * With a window it says that the first block of the window is lost (RFC 7440 §4), and is believed once.
 */
function onDuplicate(transfer: Transfer): TransferStep {
  if (transfer.windowSize === 1 || transfer.resent) return [transfer, []];
  return repeat({ ...transfer, resent: true });
}

function onTimeout(transfer: Transfer): TransferStep {
  if (transfer.tries >= retryWaits(transfer).length - 1) {
    return end(transfer, { kind: 'failed', reason: silenceReason(transfer) });
  }
  const [next, effects] = repeat({ ...transfer, tries: transfer.tries + 1 });
  return [next, [...effects, waitFor(next)]];
}

/** What silence after this block usually means, for a person who stands before the machine. */
function silenceReason(transfer: Transfer): string {
  const { acked, blockSize } = transfer;
  if (acked === 0 && transfer.phase === 'sending' && transfer.answer.length > 0) {
    return (
      `client stopped acknowledging after block 0, although it took the option answer: ` +
      `packets of ${blockSize + 32} bytes do not reach it (look at the MTU of the path)`
    );
  }
  if (acked === 0) {
    return 'client stopped acknowledging after block 0: a firewall that blocks high UDP ports is the usual cause';
  }
  return (
    `client stopped acknowledging after block ${acked} of ${lastBlockOf(transfer)}: ` +
    'it was reset or lost its link'
  );
}

/** First transmission of what comes next, and a fresh timer. */
function sendOn(transfer: Transfer, now: number): TransferStep {
  const [next, effects] = repeat(transfer);
  const fresh = { ...next, sentAt: now };
  return [fresh, [...effects, waitFor(fresh)]];
}

/** The packets in flight once more: the OACK, or the window after the last acknowledged block. */
function repeat(transfer: Transfer): TransferStep {
  if (transfer.phase === 'negotiating') {
    return [
      { ...transfer, sentAt: undefined },
      [{ kind: 'send', packet: { kind: 'oack', options: transfer.answer } }],
    ];
  }
  const until = Math.min(transfer.acked + transfer.windowSize, lastBlockOf(transfer));
  const effects: TransferEffect[] = [];
  for (let block = transfer.acked + 1; block <= until; block++) {
    const data = transfer.content.subarray((block - 1) * transfer.blockSize, block * transfer.blockSize);
    // Block numbers roll over to 0; no RFC says so, all clients in use do it.
    effects.push({ kind: 'send', packet: { kind: 'data', block: block & 0xffff, data } });
  }
  return [{ ...transfer, sent: Math.max(transfer.sent, until), sentAt: undefined }, effects];
}

function measured(transfer: Transfer, now: number): Transfer {
  if (transfer.sentAt === undefined) return transfer;
  const sample = Math.max(0, now - transfer.sentAt);
  return { ...transfer, roundTripMs: Math.max(sample, (transfer.roundTripMs ?? 0) * 0.9) };
}

function waitFor(transfer: Transfer): TransferEffect {
  const waits = retryWaits(transfer);
  return { kind: 'wait', ms: waits[Math.min(transfer.tries, waits.length - 1)] ?? waitsMs[0] };
}

/** The client's own timeout where it negotiated one (RFC 2349 §2); else growing waits, after an early one once the round trip is known. */
function retryWaits(transfer: Transfer): readonly number[] {
  if (transfer.timeoutMs !== undefined) return waitsMs.map(() => transfer.timeoutMs ?? 0);
  if (transfer.roundTripMs === undefined) return waitsMs;
  const early = Math.max(earliestRetryMs, 4 * transfer.roundTripMs);
  return early < waitsMs[0] ? [early, ...waitsMs] : waitsMs;
}

function end(transfer: Transfer, outcome: TransferOutcome): TransferStep {
  return [{ ...transfer, phase: 'ended' }, [{ kind: 'end', outcome }]];
}
