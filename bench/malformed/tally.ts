import { readFileSync } from 'node:fs';

/** Counts answers by kind. */
export class Tally {
  readonly answers: Record<string, number> = {};
  readonly larger: Record<string, number> = {};
  readonly largest: Record<string, number> = {};

  note(kind: string, answerBytes: number, askedBytes: number): void {
    this.answers[kind] = (this.answers[kind] ?? 0) + 1;
    if (answerBytes > askedBytes) this.larger[kind] = (this.larger[kind] ?? 0) + 1;
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
