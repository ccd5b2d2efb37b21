import { encodeSolFromBmc, quietBmc } from '../../src/ipmi/sol/wire/sol-payload.ts';
import { payloadType } from '../../src/ipmi/wire/session-packet.ts';
import { sendSealed } from './emit.ts';
import type { BmcSession, Turn } from './state.ts';

/** Ends Serial over LAN and tells the console that has it, unless that one asked for it (`by`). IPMI 2.0 §15.9, §24.2 */
export function endSol(turn: Turn, by: BmcSession | undefined): void {
  const { bmc } = turn;
  const owner = bmc.sessions.find((one) => one.secrets.bmcSessionId === bmc.sol?.bmcSessionId);
  bmc.sol = undefined;
  if (owner === undefined || owner.secrets.bmcSessionId === by?.secrets.bmcSessionId) return;
  const notice = encodeSolFromBmc({ ...quietBmc, deactivated: true });
  const told = sendSealed(turn, owner, payloadType.sol, notice);
  bmc.sessions = bmc.sessions.map((one) => (one === owner ? told : one));
}
