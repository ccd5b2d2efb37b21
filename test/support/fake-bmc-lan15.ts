import { ByteReader, ByteWriter } from '../../src/base/bytes.ts';
import { lan15AuthCode } from '../../src/ipmi/crypto/lan15.ts';
import { activateSession } from '../../src/ipmi/lan15/activate-session.ts';
import { getSessionChallenge } from '../../src/ipmi/lan15/get-session-challenge.ts';
import { type Lan15Secrets, sealLan15, unsealLan15 } from '../../src/ipmi/lan15/sealed.ts';
import { ipmiDatagram } from '../../src/ipmi/session/sealed.ts';
import { decodeIpmiMessage, type IpmiMessage } from '../../src/ipmi/wire/ipmi-message.ts';
import {
  decodeLan15,
  encodeLan15,
  type Lan15Packet,
  lan15AuthType,
} from '../../src/ipmi/wire/lan15-packet.ts';
import { answer, type FakeResult } from './fake-bmc-options.ts';
import { flipBit } from './flip.ts';

export interface FakeLan15Options {
  readonly username: string;
  readonly password: Uint8Array;
  /** Bits of Get Channel Authentication Capabilities. */
  readonly authTypes: number;
  readonly isBigEndian: boolean;
  /** `rakp4`: the answer to Activate Session has a wrong auth code; `session`: all later ones. */
  readonly lie: 'rakp4' | 'session' | undefined;
  readonly random: (length: number) => Uint8Array;
  readonly outside: (request: IpmiMessage) => FakeResult | undefined;
  readonly inside: (sessionId: number, request: IpmiMessage) => FakeResult | undefined;
}

interface Lan15Session {
  readonly secrets: Lan15Secrets;
  readonly seen: Set<number>;
  outbound: number;
}

/** The IPMI 1.5 half of a fake BMC: packet behind the RMCP header in, datagrams out. */
export function fakeLan15(options: FakeLan15Options) {
  const { password, random, lie } = options;
  const challenges = new Map<number, Uint8Array>();
  const sessions = new Map<number, Lan15Session>();
  let lastId = 0x4000;

  const takes = (type: number): boolean => (options.authTypes & (1 << type)) !== 0;

  function onChallenge(request: IpmiMessage): FakeResult {
    const { authType, username } = getSessionChallenge.decodeRequest(request.data);
    if (!takes(authType)) return { completionCode: 0xcc };
    if (new TextDecoder().decode(username) !== options.username) return { completionCode: 0x81 };
    const temporaryId = ++lastId;
    const challenge = random(16);
    challenges.set(temporaryId, challenge);
    return { completionCode: 0, data: getSessionChallenge.encodeReply({ temporaryId, challenge }) };
  }

  function onActivate(packet: Lan15Packet, request: IpmiMessage): FakeResult | undefined {
    const wish = activateSession.decodeRequest(request.data);
    const challenge = challenges.get(packet.sessionId);
    if (String(lan15AuthCode(packet.authType, password, packet)) !== String(packet.authCode))
      return undefined;
    if (!challenge || String(wish.challenge) !== String(challenge)) return { completionCode: 0x85 };
    challenges.delete(packet.sessionId);
    const sessionId = ++lastId;
    const secrets = {
      authType: wish.authType,
      password,
      sessionId,
      bigEndianSequence: options.isBigEndian,
    };
    sessions.set(sessionId, { secrets, seen: new Set(), outbound: wish.outboundSequence + 1 });
    const inboundSequence = 0x100;
    const { authType, maxPrivilege } = wish;
    const reply = { authType, sessionId, inboundSequence, maxPrivilege };
    return { completionCode: 0, data: activateSession.encodeReply(reply) };
  }

  function onOutside(packet: Lan15Packet): Uint8Array[] {
    const request = decodeIpmiMessage(packet.payload);
    const isActivate = request.cmd === activateSession.cmd;
    if (isActivate !== (packet.sessionId !== 0)) return [];
    const result = isActivate
      ? onActivate(packet, request)
      : request.cmd === getSessionChallenge.cmd
        ? onChallenge(request)
        : options.outside(request);
    if (!result) return [];
    const { authType, sessionId } = isActivate ? packet : { authType: lan15AuthType.none, sessionId: 0 };
    const sequence = isActivate && result.completionCode === 0 ? firstSequence(request) : 0;
    const open = { sequence, sessionId, payload: answer(request, result) };
    const right = lan15AuthCode(authType, password, open);
    const authCode = lie === 'rakp4' && isActivate && right.length > 0 ? flipBit(right, 0) : right;
    return [ipmiDatagram(encodeLan15({ ...open, authType, authCode }))];
  }

  /** FreeIPMI counts from the answer to Activate Session on. */
  function firstSequence(request: IpmiMessage): number {
    const { outboundSequence } = activateSession.decodeRequest(request.data);
    const bytes = new ByteWriter(4).u32be(outboundSequence).done();
    return options.isBigEndian ? new ByteReader(bytes).u32le('sequence') : outboundSequence;
  }

  function onInside(session: Lan15Session, body: Uint8Array): Uint8Array[] {
    const opened = unsealLan15(session.secrets, ipmiDatagram(body));
    if (opened.kind === 'drop' || session.seen.has(opened.sequence)) return [];
    session.seen.add(opened.sequence);
    const request = decodeIpmiMessage(opened.payload);
    const result = options.inside(session.secrets.sessionId, request);
    if (!result) return [];
    const sealed = sealLan15(session.secrets, session.outbound++, answer(request, result));
    const codeAt = 4 + 9;
    return [lie === 'session' && session.seen.size > 1 ? flipBit(sealed, codeAt) : sealed];
  }

  return {
    openSessions: () => sessions.size,
    close: (sessionId: number) => void sessions.delete(sessionId),
    handle(body: Uint8Array): Uint8Array[] {
      if (new ByteReader(body).u8('authType') > lan15AuthType.oem) return [];
      const packet = decodeLan15(body);
      const session = sessions.get(packet.sessionId);
      return session ? onInside(session, body) : onOutside(packet);
    },
  };
}
