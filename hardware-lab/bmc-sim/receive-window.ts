/**
 * Sequence numbers that the BMC has seen in a session: 32 of them, those up to 15 above and 16 below the highest are taken once.
 * Written apart from the console's window on purpose, so that one can find a fault in the other. IPMI 2.0 §6.12.13
 */
export interface ReceiveWindow {
  readonly top: number;
  /** Bit 0 is `top`, bit n is `top - n`. */
  readonly bits: number;
}

/** Before the first packet, which has number 1 when nothing is lost. */
export const emptyWindow: ReceiveWindow = { top: 0, bits: 1 };

/** The window after a packet with that number, or undefined when the packet is to be dropped. */
export function receiveSequence(window: ReceiveWindow, sequence: number): ReceiveWindow | undefined {
  if (sequence === 0) return undefined;
  const up = (sequence - window.top) >>> 0;
  if (up >= 1 && up <= 15) return { top: sequence, bits: ((window.bits << up) | 1) >>> 0 };
  const down = (window.top - sequence) >>> 0;
  if (down > 16) return undefined;
  const bit = (1 << down) >>> 0;
  return (window.bits & bit) === 0 ? { ...window, bits: (window.bits | bit) >>> 0 } : undefined;
}
