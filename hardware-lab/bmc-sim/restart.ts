import type { Turn } from './state.ts';

/** The BMC itself starts anew: logins, sessions and reservations are gone, and it is deaf for `ms`. The machine goes on. IPMI 2.0 §20.2 */
export function restartBmc(turn: Turn, ms: number): undefined {
  const { bmc, now } = turn;
  bmc.deafUntil = now + ms;
  bmc.logins = [];
  bmc.sessions = [];
  bmc.sol = undefined;
  bmc.sel = { ...bmc.sel, reservation: 0 };
  bmc.boot = { ...bmc.boot, setInProgress: 0 };
  return undefined;
}
