import { assertNever } from '../../base/errors.ts';
import type { Negotiated } from './negotiate.ts';
import { printable } from './request.ts';
import { isLost, measureRoundTrip, type RoundTrip, waitMs } from './retry.ts';
import { silenceReason } from './silence-reason.ts';
import type { TftpPacket } from './wire/packet.ts';

/** How a transfer ended. */
export type TransferOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly reason: string }
  /** The client said ERROR before it took any data: the tsize probe of PXE ROMs, or options it does not like. No failure. */
  | { readonly kind: 'probe'; readonly reason: string };

/** What stays the same during a transfer. */
export interface TransferPlan extends Negotiated {
  readonly content: Uint8Array;
  /** Number of the last block, which is shorter than the block size and may be empty. RFC 1350 §6 */
  readonly lastBlock: number;
}

/** One file on its way to one client. Block numbers here are absolute; the wire carries their low 16 bits. */
export interface Transfer {
  readonly plan: TransferPlan;
  readonly phase: 'negotiating' | 'sending' | 'ended';
  /** Last block the client acknowledged in order; 0 before the first. */
  readonly acked: number;
  /** Last block that was ever sent. */
  readonly sent: number;
  /** The client has acknowledged something, if only the options. */
  readonly verified: boolean;
  /** See Silence in retry.ts. */
  readonly timeoutMs: number | undefined;
  readonly tries: number;
  readonly silentMs: number;
  readonly backoff: number;
  readonly roundTrip: RoundTrip | undefined;
  /** When the packets in flight were sent; undefined once one was repeated (Karn: it would be unclear which one was answered). */
  readonly sentAt: number | undefined;
  /** Duplicate ACKs of this window tell nothing new. */
  readonly deaf: boolean;
  /** The window was repeated though the client may have it: it may acknowledge each packet of it a second time. */
  readonly redundant: boolean;
  /** Repetitions that the client's repeated request got. */
  readonly askedAgain: number;
  /** Data packets that were sent once more. */
  readonly retransmits: number;
}

export type TransferEvent =
  /** A packet of this client; `now` in ms on any steady scale. */
  | { readonly kind: 'packet'; readonly packet: TftpPacket; readonly now: number }
  | { readonly kind: 'timeout' }
  /** The client repeated its request: our first answer did not reach it, or not yet. */
  | { readonly kind: 'asked-again' };

export type TransferEffect =
  | { readonly kind: 'send-options' }
  /** Blocks `first` to `last`, both included, and no more than a window. */
  | { readonly kind: 'send-data'; readonly first: number; readonly last: number }
  /** (Re)start the only timer. */
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'end'; readonly outcome: TransferOutcome };

export type TransferStep = readonly [Transfer, readonly TransferEffect[]];

/** The wait that outlives a loss is this many times doubled. */
const mostKeptBackoff = 2;
/** Times that a repeated request is answered; with the retransmissions, all that a forged address can be made to get. */
const mostAskedAgain = 3;

/** Answers a read request: OACK when options were taken, the first data otherwise. RFC 1350 §4, RFC 2347 §3 */
export function beginTransfer(content: Uint8Array, negotiated: Negotiated, now: number): TransferStep {
  const isNegotiating = negotiated.answer.length > 0;
  const lastBlock = Math.floor(content.length / negotiated.blockSize) + 1;
  const last = Math.min(negotiated.windowSize, lastBlock);
  const transfer: Transfer = {
    plan: { ...negotiated, content, lastBlock },
    phase: isNegotiating ? 'negotiating' : 'sending',
    acked: 0,
    sent: isNegotiating ? 0 : last,
    verified: false,
    timeoutMs: negotiated.timeoutMs,
    tries: 0,
    silentMs: 0,
    backoff: 0,
    roundTrip: undefined,
    sentAt: now,
    deaf: false,
    redundant: false,
    askedAgain: 0,
    retransmits: 0,
  };
  const first: TransferEffect = isNegotiating
    ? { kind: 'send-options' }
    : { kind: 'send-data', first: 1, last };
  return [transfer, [first, wait(transfer)]];
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
      if (transfer.acked > 0 || transfer.askedAgain >= mostAskedAgain) return [transfer, []];
      return repeat({ ...transfer, askedAgain: transfer.askedAgain + 1 });
    default:
      return assertNever(event, 'transfer event');
  }
}

/** Bytes the client has acknowledged. */
export function ackedBytes({ acked, plan }: Pick<Transfer, 'acked' | 'plan'>): number {
  return Math.min(acked * plan.blockSize, plan.content.length);
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
    return packet.block === 0 ? moveOn(transfer, 0, now) : [transfer, []];
  }
  const ahead = (packet.block - transfer.acked) & 0xffff;
  // An old ACK that was held up, or noise.
  if (ahead > transfer.sent - transfer.acked) return [transfer, []];
  return ahead === 0 ? onDuplicate(transfer) : moveOn(transfer, transfer.acked + ahead, now);
}

/**
 * With one block in flight a duplicate ACK is never answered: that would double every packet from there on (RFC 1123 §4.2.3.1).
 * With a window it says that the first block of the window is lost (RFC 7440 §4), and is believed once.
 */
function onDuplicate(transfer: Transfer): TransferStep {
  if (transfer.plan.windowSize === 1 || transfer.deaf) return [transfer, []];
  return repeat(transfer);
}

function onTimeout(transfer: Transfer): TransferStep {
  if (isLost(transfer)) return end(transfer, { kind: 'failed', reason: silenceReason(transfer) });
  const [next, effects] = repeat({
    ...transfer,
    tries: transfer.tries + 1,
    backoff: transfer.backoff + 1,
    silentMs: transfer.silentMs + waitMs(transfer),
  });
  return [next, [...effects, wait(next)]];
}

/** The client has everything up to `acked`: what comes next, for the first time, and a fresh timer. */
function moveOn(before: Transfer, acked: number, now: number): TransferStep {
  const { plan, sent, sentAt } = before;
  const isDone = acked === plan.lastBlock;
  const last = Math.min(acked + plan.windowSize, plan.lastBlock);
  const roundTrip =
    sentAt === undefined ? before.roundTrip : measureRoundTrip(before.roundTrip, Math.max(0, now - sentAt));
  // A longer wait stays until a packet that was sent once is answered (Karn); not the longest: on a bad link few are.
  const backoff = sentAt === undefined ? Math.min(before.backoff, mostKeptBackoff) : 0;
  // Written out, all in one: this runs for each window, and objects that are spread cost more than all the rest.
  const moved: Transfer = {
    plan,
    phase: isDone ? 'ended' : 'sending',
    acked,
    sent: Math.max(sent, last),
    verified: true,
    timeoutMs: before.timeoutMs,
    tries: 0,
    silentMs: 0,
    backoff,
    roundTrip,
    // What was in flight before may still be answered: no sample then.
    sentAt: acked < sent ? undefined : now,
    // Part of a window: its rest is sent again now, and the client may complain about each stale packet on its way.
    deaf: acked < sent || before.redundant,
    redundant: false,
    askedAgain: before.askedAgain,
    retransmits: before.retransmits + sent - acked,
  };
  if (isDone) return [moved, [{ kind: 'end', outcome: { kind: 'done' } }]];
  return [moved, [{ kind: 'send-data', first: acked + 1, last }, wait(moved)]];
}

/** The packets in flight once more: the OACK, or the window after the last acknowledged block. */
function repeat(transfer: Transfer): TransferStep {
  const { phase, acked, sent, retransmits } = transfer;
  if (phase === 'negotiating') return [{ ...transfer, sentAt: undefined }, [{ kind: 'send-options' }]];
  const last = lastInWindow(transfer);
  const next = { ...transfer, sent: Math.max(sent, last), retransmits: retransmits + sent - acked };
  return [
    { ...next, sentAt: undefined, deaf: true, redundant: true },
    [{ kind: 'send-data', first: acked + 1, last }],
  ];
}

function lastInWindow({ acked, plan }: Transfer): number {
  return Math.min(acked + plan.windowSize, plan.lastBlock);
}

function wait(transfer: Transfer): TransferEffect {
  return { kind: 'wait', ms: waitMs(transfer) };
}

function end(transfer: Transfer, outcome: TransferOutcome): TransferStep {
  return [{ ...transfer, phase: 'ended' }, [{ kind: 'end', outcome }]];
}
