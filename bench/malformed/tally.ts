import { readFileSync } from 'node:fs';

/** What an answer answers. */
export interface Asked {
  readonly bytes: number;
  /** By the reading of the attacker, which shares no code with the server. */
  readonly isWellFormed: boolean;
}

/** What gives a machine something, as its protocol wants it; everything else refuses. */
const gifts: readonly string[] = ['OFFER', 'ACK', 'DATA', 'OACK', '200', '206', '304'];

/** Counts answers by kind. */
export class Tally {
  readonly answers: Record<string, number> = {};
  /** Refusals, and answers to what is malformed, that are longer than what they answer. */
  readonly amplified: Record<string, number> = {};
  /** Answers of the protocol to messages that are still valid, longer than these. */
  readonly larger: Record<string, number> = {};
  readonly largest: Record<string, number> = {};

  note(kind: string, answerBytes: number, asked: Asked): void {
    this.answers[kind] = (this.answers[kind] ?? 0) + 1;
    if (answerBytes > asked.bytes) {
      const column = asked.isWellFormed && gifts.includes(kind) ? this.larger : this.amplified;
      column[kind] = (column[kind] ?? 0) + 1;
    }
    this.largest[kind] = Math.max(this.largest[kind] ?? 0, answerBytes);
  }
}

/** Bytes that went out of and came in by a network interface of this namespace. */
export function cableBytes(device: string): { readonly sent: number; readonly received: number } {
  const line = readFileSync('/proc/net/dev', 'utf8')
    .split('\n')
    .find((one) => one.trim().startsWith(`${device}:`));
  const fields = line?.trim().split(/[:\s]+/) ?? [];
  return { received: Number(fields[1]), sent: Number(fields[9]) };
}

/** Rejects a wait that takes too long: the server is taken for dead. */
export const witnessMs = 20_000;
/** Packets between two questions of the witness: no more than a socket's queue holds. */
export const burst = 50;
