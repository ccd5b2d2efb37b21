import { ByteWriter } from '../base/bytes.ts';
import { closeSession } from './commands/app/close-session.ts';
import { type GetSessionInfoReply, getSessionInfo } from './commands/app/get-session-info.ts';
import { type Command, nothing } from './commands/command.ts';
import type { BmcLink } from './link.ts';
import { IpmiError } from './types.ts';

/** Close Session by handle: the session id is 0 then. IPMI 2.0 §22.19 */
const closeByHandle: Command<number, undefined> = {
  ...closeSession,
  name: 'Close Session by handle',
  encodeRequest: (handle) => new ByteWriter(5).u32le(0).u8(handle).done(),
  decodeReply: nothing.decode,
};

type ActiveSession = NonNullable<GetSessionInfoReply['session']>;

/**
 * True for a session that an earlier run of this program left behind: of the same user, from the same address, and not the present one.
 * Both addresses are as the BMC sees them; without addresses nothing is known to be ours.
 */
export function isLeftover(own: GetSessionInfoReply, other: GetSessionInfoReply): boolean {
  const ours = own.session;
  const theirs = other.session;
  if (ours === undefined || theirs === undefined || other.handle === own.handle) return false;
  return ours.userId === theirs.userId && sameConsole(ours, theirs);
}

function sameConsole(a: ActiveSession, b: ActiveSession): boolean {
  if (a.console === undefined || b.console === undefined) return false;
  const there = b.console.ip;
  const isKnown = there.some((byte) => byte !== 0);
  return isKnown && a.console.ip.every((byte, i) => byte === there[i]);
}

/**
 * Closes sessions that a crash left open on the BMC, so that its few slots are free again; answers how many. Best effort: 0 when the BMC
 * does not list sessions or refuses. Other programs of the same machine that use the same BMC user lose their sessions too.
 * Rejects only when the present session is lost.
 */
export function closeLeftoverSessions(link: Pick<BmcLink, 'exclusively'>): Promise<number> {
  return link.exclusively(async (execute) => {
    const tell = (which: 'own' | number) => execute(getSessionInfo, which).catch(passOver);
    const own = await tell('own');
    if (own?.session === undefined) return 0;
    const leftover: number[] = [];
    for (let index = 1, seen = 0; index <= own.possible && seen < own.active; index++) {
      const info = await tell(index);
      if (info === undefined) break;
      if (info.session === undefined) continue;
      seen++;
      if (isLeftover(own, info)) leftover.push(info.handle);
    }
    let closed = 0;
    for (const handle of new Set(leftover)) {
      const isClosed = await execute(closeByHandle, handle).then(() => true, passOver);
      if (isClosed === true) closed++;
    }
    return closed;
  });
}

/** A refused or malformed answer is nothing to stop at; a lost session is. */
function passOver(error: unknown): undefined {
  const lost = ['no-answer', 'unreachable', 'bmc-not-genuine', 'closed'];
  if (!(error instanceof IpmiError) || lost.includes(error.code)) throw error;
  return undefined;
}
