import { ByteReader } from '../../base/bytes.ts';
import { getChannelAuthCapabilities } from '../commands/app/get-channel-auth-capabilities.ts';
import { type Command, netFn } from '../commands/command.ts';
import { equalSecrets } from '../crypto/hmac.ts';
import { lan15AuthCode } from '../crypto/lan15.ts';
import { factsOf, type LoginFacts } from '../session/facts.ts';
import { ipmiBody, ipmiDatagram } from '../session/sealed.ts';
import { decodeIpmiMessage, encodeIpmiMessage, lanAddress } from '../wire/ipmi-message.ts';
import { decodeLan15, encodeLan15, type Lan15Packet, lan15AuthType } from '../wire/lan15-packet.ts';
import { type ActivateSessionReply, activateSession } from './activate-session.ts';
import { type GetSessionChallengeReply, getSessionChallenge } from './get-session-challenge.ts';

/** An answer of a BMC during an IPMI 1.5 login. */
export type Lan15Reply =
  | { readonly kind: 'capabilities'; readonly facts: LoginFacts | undefined }
  | { readonly kind: 'challenge'; readonly reply: GetSessionChallengeReply }
  | { readonly kind: 'activated'; readonly reply: ActivateSessionReply; readonly packet: Lan15Packet }
  | { readonly kind: 'refused'; readonly command: string; readonly completionCode: number };

type Sendable<Q> = Pick<Command<Q, never>, 'netFn' | 'cmd' | 'encodeRequest'>;

function message<Q>(command: Sendable<Q>, request: Q, rqSeq: number): Uint8Array {
  return encodeIpmiMessage({
    toAddr: lanAddress.bmc,
    toLun: 0,
    netFn: command.netFn,
    fromAddr: lanAddress.remoteConsole,
    fromLun: 0,
    rqSeq,
    cmd: command.cmd,
    data: command.encodeRequest(request),
  });
}

/** Get Session Challenge. IPMI 2.0 §22.16 */
export function challengeDatagram(authType: number, username: Uint8Array, rqSeq: number): Uint8Array {
  const payload = message(getSessionChallenge, { authType, username }, rqSeq);
  const outside = { authType: lan15AuthType.none, sequence: 0, sessionId: 0, authCode: new Uint8Array() };
  return ipmiDatagram(encodeLan15({ ...outside, payload }));
}

/** Activate Session: outside the sequence, with the temporary id, and proven with the password. IPMI 2.0 §22.17 */
export function activateDatagram(
  login: { readonly password: Uint8Array; readonly privilege: number },
  { temporaryId, challenge }: GetSessionChallengeReply,
  numbers: { readonly authType: number; readonly outboundSequence: number; readonly rqSeq: number },
): Uint8Array {
  const { authType, outboundSequence, rqSeq } = numbers;
  const request = { authType, maxPrivilege: login.privilege, challenge, outboundSequence };
  const open = { sessionId: temporaryId, sequence: 0, payload: message(activateSession, request, rqSeq) };
  const authCode = lan15AuthCode(authType, login.password, open);
  return ipmiDatagram(encodeLan15({ ...open, authType, authCode }));
}

/** Reads an answer with the requester's sequence number `rqSeq`; undefined for what is none. WireError when malformed. */
export function decodeLan15Reply(datagram: Uint8Array, rqSeq: number): Lan15Reply | undefined {
  const body = ipmiBody(datagram);
  if (body === undefined) return undefined;
  const packet = decodeLan15(body);
  const reply = decodeIpmiMessage(packet.payload);
  if (reply.netFn !== netFn.app + 1 || reply.rqSeq !== rqSeq) return undefined;
  const r = new ByteReader(reply.data);
  const completionCode = r.u8('reply.completionCode');
  if (reply.cmd === getChannelAuthCapabilities.cmd) {
    const facts =
      completionCode === 0 ? factsOf(getChannelAuthCapabilities.decodeReply(r.rest())) : undefined;
    return { kind: 'capabilities', facts };
  }
  const command = [getSessionChallenge, activateSession].find(({ cmd }) => cmd === reply.cmd);
  if (command === undefined) return undefined;
  if (completionCode !== 0) return { kind: 'refused', command: command.name, completionCode };
  if (reply.cmd === getSessionChallenge.cmd)
    return { kind: 'challenge', reply: getSessionChallenge.decodeReply(r.rest()) };
  return { kind: 'activated', reply: activateSession.decodeReply(r.rest()), packet };
}

/** True when the packet has the auth code that only one who knows the password can make; always with type "none". IPMI 2.0 §22.17.1 */
export function isAuthentic(packet: Lan15Packet, authType: number, password: Uint8Array): boolean {
  if (packet.authType !== authType) return false;
  return equalSecrets(lan15AuthCode(authType, password, packet), packet.authCode);
}
