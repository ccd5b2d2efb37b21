import { ByteReader, WireError } from '../../base/bytes.ts';
import { assertNever } from '../../base/errors.ts';
import { IpmiError } from '../types.ts';
import { decodeIpmiMessage, encodeIpmiMessage, lanAddress } from '../wire/ipmi-message.ts';
import { payloadType } from '../wire/session-packet.ts';
import type { Envelope } from './envelope.ts';
import type { DropReason } from './sealed.ts';
import { waitAfter } from './timing.ts';
import { acceptSequence, freshWindow, nextSequence, type SequenceWindow } from './window.ts';

/** One command on its way. */
export interface SessionCommand {
  readonly name: string;
  readonly netFn: number;
  /** Unit behind the BMC that the command is for. Default 0. IPMI 2.0 §7.2 */
  readonly lun?: number;
  readonly cmd: number;
  readonly data: Uint8Array;
  /** Times to each repetition; empty for a command that must not be sent twice. */
  readonly retryMs: readonly number[];
  readonly deadlineMs: number;
}

interface Pending {
  readonly command: SessionCommand;
  readonly rqSeq: number;
  readonly sends: number;
  readonly deadlineAt: number;
  readonly forged: number;
}

/** An open session as the console sees it. One command is in flight; other payloads pass beside it. */
export interface Session {
  readonly envelope: Envelope;
  /** Of the next packet that is sent. */
  readonly sequence: number;
  readonly rqSeq: number;
  readonly window: SequenceWindow;
  readonly pending: Pending | undefined;
  /** Datagrams dropped since the login, by reason. */
  readonly drops: Readonly<Partial<Record<DropReason, number>>>;
}

/** `now` in milliseconds; `iv`: 16 unpredictable bytes. */
export type SessionEvent =
  | {
      readonly kind: 'command';
      readonly command: SessionCommand;
      readonly now: number;
      readonly iv: Uint8Array;
    }
  | { readonly kind: 'datagram'; readonly datagram: Uint8Array }
  | {
      readonly kind: 'payload';
      readonly payloadType: number;
      readonly payload: Uint8Array;
      readonly iv: Uint8Array;
    }
  | { readonly kind: 'timer'; readonly now: number; readonly iv: Uint8Array }
  | { readonly kind: 'give-up'; readonly error: IpmiError };

/** `timer` replaces the one before; `replied` and `failed` end the command and its timer; `payload` came beside the commands. */
export type SessionEffect =
  | { readonly kind: 'send'; readonly datagram: Uint8Array }
  | { readonly kind: 'timer'; readonly ms: number }
  | { readonly kind: 'payload'; readonly payloadType: number; readonly payload: Uint8Array }
  | { readonly kind: 'replied'; readonly completionCode: number; readonly data: Uint8Array }
  | { readonly kind: 'failed'; readonly error: IpmiError };

type Step = readonly [Session, readonly SessionEffect[]];

/** The session right after its login. */
export function openSession(envelope: Envelope): Session {
  const sequence = envelope.firstSequence;
  return { envelope, sequence, rqSeq: 0, window: freshWindow, pending: undefined, drops: {} };
}

/** One step of a session. Never throws for what a datagram holds. */
export function stepSession(session: Session, event: SessionEvent): Step {
  switch (event.kind) {
    case 'command': {
      if (session.pending)
        return [session, [failed('busy', `${event.command.name}: another command is in flight`)]];
      const rqSeq = (session.rqSeq + 1) & 0x3f;
      const deadlineAt = event.now + event.command.deadlineMs;
      const pending = { command: event.command, rqSeq, sends: 0, deadlineAt, forged: 0 };
      return transmit({ ...session, rqSeq }, pending, event.now, event.iv);
    }
    case 'datagram':
      return receive(session, event.datagram);
    case 'payload': {
      const datagram = session.envelope.seal(event.payloadType, session.sequence, event.payload, event.iv);
      return [{ ...session, sequence: nextSequence(session.sequence) }, [{ kind: 'send', datagram }]];
    }
    case 'timer':
      return session.pending ? timeout(session, session.pending, event.now, event.iv) : [session, []];
    case 'give-up':
      return session.pending
        ? [{ ...session, pending: undefined }, [{ kind: 'failed', error: event.error }]]
        : [session, []];
    default:
      return assertNever(event, 'event');
  }
}

function failed(code: 'busy' | 'no-answer' | 'bmc-not-genuine', text: string): SessionEffect {
  return { kind: 'failed', error: new IpmiError(code, text) };
}

/**
 * Every transmission has a new session sequence number, as a BMC drops one that it has seen (§6.12.13); a repetition keeps its requester's
 * sequence number, by which the BMC can know it again (§13.8; it may answer 0xCF, §5.2).
 */
function transmit(session: Session, pending: Pending, now: number, iv: Uint8Array): Step {
  const sends = pending.sends + 1;
  const { command } = pending;
  const payload = encodeIpmiMessage({
    toAddr: lanAddress.bmc,
    toLun: command.lun ?? 0,
    netFn: command.netFn,
    fromAddr: lanAddress.remoteConsole,
    fromLun: 0,
    rqSeq: pending.rqSeq,
    cmd: command.cmd,
    data: command.data,
  });
  const datagram = session.envelope.seal(payloadType.ipmi, session.sequence, payload, iv);
  return [
    { ...session, sequence: nextSequence(session.sequence), pending: { ...pending, sends } },
    [
      { kind: 'send', datagram },
      { kind: 'timer', ms: waitAfter(command.retryMs, sends, now, pending.deadlineAt) },
    ],
  ];
}

function timeout(session: Session, pending: Pending, now: number, iv: Uint8Array): Step {
  const { name, retryMs } = pending.command;
  if (now < pending.deadlineAt) {
    if (retryMs.length > 0) return transmit(session, pending, now, iv);
    return [session, [{ kind: 'timer', ms: pending.deadlineAt - now }]];
  }
  const effect =
    pending.forged > 0
      ? failed(
          'bmc-not-genuine',
          `${name}: only answers with a wrong integrity check came (${pending.forged}); somebody interferes, or the BMC lost its session keys`,
        )
      : failed('no-answer', `${name}: the BMC answered before and is silent now`);
  return [{ ...session, pending: undefined }, [effect]];
}

function receive(session: Session, datagram: Uint8Array): Step {
  try {
    const unsealed = session.envelope.unseal(datagram);
    if (unsealed.kind === 'drop') return drop(session, unsealed.reason);
    const { checksSequence } = session.envelope;
    const window = checksSequence ? acceptSequence(session.window, unsealed.sequence) : session.window;
    if (!window) return drop(session, 'replayed');
    const seen = { ...session, window };
    if (unsealed.payloadType === payloadType.ipmi) return reply(seen, unsealed.payload);
    if (unsealed.payloadType !== payloadType.sol) return drop(seen, 'not-for-us');
    return [seen, [{ kind: 'payload', payloadType: unsealed.payloadType, payload: unsealed.payload }]];
  } catch (error) {
    if (error instanceof WireError) return drop(session, 'malformed');
    throw error;
  }
}

function reply(session: Session, payload: Uint8Array): Step {
  const message = decodeIpmiMessage(payload, session.envelope.ignoreChecksums);
  const { pending } = session;
  const matches =
    pending !== undefined &&
    message.netFn === pending.command.netFn + 1 &&
    message.cmd === pending.command.cmd &&
    message.rqSeq === pending.rqSeq &&
    message.toAddr === lanAddress.remoteConsole &&
    message.fromAddr === lanAddress.bmc;
  if (!matches) return drop(session, 'stale-reply');
  const r = new ByteReader(message.data);
  const completionCode = r.u8('reply.completionCode');
  return [{ ...session, pending: undefined }, [{ kind: 'replied', completionCode, data: r.rest() }]];
}

function drop(session: Session, reason: DropReason): Step {
  const { pending } = session;
  const drops = { ...session.drops, [reason]: (session.drops[reason] ?? 0) + 1 };
  const forged = pending && reason === 'bad-integrity' ? pending.forged + 1 : pending?.forged;
  return [{ ...session, drops, pending: pending && { ...pending, forged: forged ?? 0 } }, []];
}
