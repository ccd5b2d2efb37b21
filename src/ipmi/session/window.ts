/**
 * Sliding window over the sequence numbers of received session packets: up to 15 above the highest, up to 16 below, none twice.
 * IPMI 2.0 §6.12.13
 */
export interface SequenceWindow {
  /** Highest number seen; undefined before the first packet. */
  readonly highest: number | undefined;
  /** Bit n is set when `highest - n` was seen. */
  readonly seen: number;
}

const ahead = 15;
const behind = 16;

/** A window that takes any first number: boards count from 1 or from where they like, and keys are new in each session. */
export const freshWindow: SequenceWindow = { highest: undefined, seen: 0 };

/** The window after `sequence`, or undefined when that packet is a replay or out of the window. Only for packets whose auth code is right. */
export function acceptSequence(window: SequenceWindow, sequence: number): SequenceWindow | undefined {
  if (sequence === 0) return undefined;
  if (window.highest === undefined) return { highest: sequence, seen: 1 };
  const distance = (sequence - window.highest) | 0;
  if (distance > ahead || distance < -behind) return undefined;
  if (distance > 0) return { highest: sequence, seen: (window.seen << distance) | 1 };
  const bit = 1 << -distance;
  return (window.seen & bit) === 0 ? { ...window, seen: window.seen | bit } : undefined;
}

/** The number after `sequence`; 0 is for packets outside a session and is left out. IPMI 2.0 §6.12.13 */
export function nextSequence(sequence: number): number {
  return sequence >= 0xffff_ffff ? 1 : sequence + 1;
}
