/** A BMC ends a session that hears nothing for 60 s, 3 s more or less. IPMI 2.0 §6.12.15 */
const inactivityMs = 60_000 - 3000;

/** Left for the command's repetitions on a bad network, so that it arrives before the limit. */
const reserveMs = 17_000;

/**
 * Milliseconds until an idle session needs a command to stay open, 0 when that is now. `heardAt`: when the BMC last answered in it,
 * which proves that it had heard us by then.
 */
export function keepAliveDue(heardAt: number, now: number): number {
  return Math.max(0, heardAt + inactivityMs - reserveMs - now);
}
