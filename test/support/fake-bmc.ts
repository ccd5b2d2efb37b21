import { ByteReader, ByteWriter } from '../../src/base/bytes.ts';
import { closeSession } from '../../src/ipmi/commands/app/close-session.ts';
import { getChannelAuthCapabilities } from '../../src/ipmi/commands/app/get-channel-auth-capabilities.ts';
import { setSessionPrivilege } from '../../src/ipmi/commands/app/set-session-privilege.ts';
import {
  deriveKeys,
  type RakpFacts,
  rakp2AuthCode,
  rakp3AuthCode,
  rakp4Icv,
} from '../../src/ipmi/crypto/rakp.ts';
import { suite3 } from '../../src/ipmi/crypto/suite.ts';
import { ipmiBody, ipmiDatagram, type SessionSecrets, seal, unseal } from '../../src/ipmi/session/sealed.ts';
import { decodeIpmiMessage, encodeIpmiMessage, type IpmiMessage } from '../../src/ipmi/wire/ipmi-message.ts';
import { decodeOpenSessionRequest, encodeOpenSessionResponse } from '../../src/ipmi/wire/open-session.ts';
import { decodeRakp1 } from '../../src/ipmi/wire/rakp1.ts';
import { encodeRakp2 } from '../../src/ipmi/wire/rakp2.ts';
import { decodeRakp3 } from '../../src/ipmi/wire/rakp3.ts';
import { encodeRakp4 } from '../../src/ipmi/wire/rakp4.ts';
import { decodeSessionPacket, encodeSessionPacket, payloadType } from '../../src/ipmi/wire/session-packet.ts';
import { decodeSessionless, encodeSessionless } from '../../src/ipmi/wire/sessionless-packet.ts';
import { flipBit } from './flip.ts';

/** One command as the fake received it inside a session; `undefined` from the handler means silence. */
export type FakeHandler = (request: {
  readonly netFn: number;
  readonly cmd: number;
  readonly data: Uint8Array;
}) => { readonly completionCode: number; readonly data?: Uint8Array } | undefined;

/** How a fake behaves; every field has a well-behaved default. */
export interface FakeBmcOptions {
  readonly username?: string;
  readonly password?: string;
  readonly onCommand?: FakeHandler;
  /** Status of the reply at a stage of the login instead of success. */
  readonly refuse?: { readonly at: 'open' | 'rakp2' | 'rakp4'; readonly status: number };
  readonly keyGSet?: boolean;
  /** Damages what the BMC computes, as one that does not know the password, or a forger. */
  readonly lie?: 'rakp2' | 'rakp4' | 'session' | 'algorithms' | 'ipmi15' | 'privilege' | 'sessionId0';
  readonly random: (length: number) => Uint8Array;
}

interface FakeSession {
  readonly facts: RakpFacts;
  readonly secrets: SessionSecrets;
  sequence: number;
  readonly seen: Set<number>;
}

/** A BMC in memory over our own codecs: datagram in, datagrams out. Drops repeated session sequence numbers as a conforming BMC does. */
export interface FakeBmc {
  handle(datagram: Uint8Array): readonly Uint8Array[];
  /** Commands that were carried out, in order, as `netFn/cmd data`. */
  readonly executed: string[];
  /** RAKP 3 messages as received. */
  readonly rakp3: Array<{
    readonly status: number;
    readonly hasAuthCode: boolean;
    readonly genuine: boolean;
  }>;
  openSessions(): number;
}

const guid = new Uint8Array(16).fill(0x42);
const text = new TextEncoder();

/** Builds a fake BMC. */
export function fakeBmc(options: FakeBmcOptions): FakeBmc {
  const { random, lie, refuse } = options;
  const pending = new Map<number, RakpFacts>();
  const sessions = new Map<number, FakeSession>();
  const executed: string[] = [];
  const rakp3: FakeBmc['rakp3'] = [];
  let lastId = 0x100;

  const plain = (type: number, payload: Uint8Array): Uint8Array[] => [
    ipmiDatagram(
      encodeSessionPacket({
        payloadType: type,
        encrypted: false,
        authenticated: false,
        sessionId: 0,
        sequence: 0,
        payload,
      }),
    ),
  ];
  const spoil = (bytes: Uint8Array, when: FakeBmcOptions['lie']): Uint8Array =>
    lie === when ? flipBit(bytes, 0) : bytes;
  const status = (at: NonNullable<FakeBmcOptions['refuse']>['at']): number =>
    refuse?.at === at ? refuse.status : 0;

  function onOpen(payload: Uint8Array): Uint8Array[] {
    const { tag, maxPrivilege, consoleSessionId, algorithms } = decodeOpenSessionRequest(payload);
    const type = payloadType.openSessionResponse;
    if (status('open') !== 0)
      return plain(type, encodeOpenSessionResponse({ kind: 'refused', tag, status: status('open') }));
    const bmcSessionId = lie === 'sessionId0' ? 0 : (lastId += 2);
    pending.set(bmcSessionId, {
      consoleSessionId,
      bmcSessionId,
      consoleRandom: new Uint8Array(16),
      bmcRandom: random(16),
      bmcGuid: guid,
      role: 0,
      username: new Uint8Array(),
      password: text.encode(options.password ?? 'test-secret'),
    });
    const agreed = lie === 'algorithms' ? { ...algorithms, confidentiality: 0 } : algorithms;
    return plain(
      type,
      encodeOpenSessionResponse({
        kind: 'accepted',
        tag,
        maxPrivilege,
        consoleSessionId,
        bmcSessionId,
        algorithms: agreed,
      }),
    );
  }

  function onRakp1(payload: Uint8Array): Uint8Array[] {
    const { tag, bmcSessionId, consoleRandom, role, username } = decodeRakp1(payload);
    const before = pending.get(bmcSessionId);
    if (!before) return [];
    const { consoleSessionId, bmcRandom } = before;
    const known = new TextDecoder().decode(username) === (options.username ?? 'admin');
    const code = status('rakp2') || (known ? 0 : 0x0d);
    if (code !== 0) {
      pending.delete(bmcSessionId);
      return plain(payloadType.rakp2, encodeRakp2({ kind: 'refused', tag, status: code, consoleSessionId }));
    }
    const facts = { ...before, consoleRandom, role, username };
    pending.set(bmcSessionId, facts);
    const authCode = spoil(rakp2AuthCode(suite3, facts), 'rakp2');
    return plain(
      payloadType.rakp2,
      encodeRakp2({ kind: 'accepted', tag, consoleSessionId, bmcRandom, bmcGuid: guid, authCode }),
    );
  }

  function onRakp3(payload: Uint8Array): Uint8Array[] {
    const message = decodeRakp3(payload);
    const { tag, bmcSessionId } = message;
    const facts = pending.get(bmcSessionId) ?? sessions.get(bmcSessionId)?.facts;
    const genuine =
      message.kind === 'accepted' &&
      facts !== undefined &&
      String(message.authCode) === String(rakp3AuthCode(suite3, facts));
    rakp3.push({
      status: message.kind === 'refused' ? message.status : 0,
      hasAuthCode: message.kind === 'accepted' && message.authCode.length > 0,
      genuine,
    });
    if (!facts) return [];
    const { consoleSessionId } = facts;
    if (message.kind === 'refused') {
      pending.delete(bmcSessionId);
      return [];
    }
    const code = status('rakp4') || (genuine ? 0 : 0x0f);
    if (code !== 0) {
      pending.delete(bmcSessionId);
      return plain(payloadType.rakp4, encodeRakp4({ kind: 'refused', tag, status: code, consoleSessionId }));
    }
    const keys = deriveKeys(suite3, facts);
    if (pending.delete(bmcSessionId)) {
      const secrets = { suite: suite3, keys, consoleSessionId, bmcSessionId };
      sessions.set(bmcSessionId, { facts, secrets, sequence: 0, seen: new Set() });
    }
    const icv = spoil(rakp4Icv(suite3, keys.sik, facts), 'rakp4');
    return plain(payloadType.rakp4, encodeRakp4({ kind: 'accepted', tag, consoleSessionId, icv }));
  }

  function onProbe(body: Uint8Array): Uint8Array[] {
    const request = decodeIpmiMessage(decodeSessionless(body).payload);
    if (request.cmd !== getChannelAuthCapabilities.cmd) return [];
    const reply = getChannelAuthCapabilities.encodeReply({
      channel: 1,
      authTypes: 0x17,
      loginStatus: 0x04,
      keyGSet: options.keyGSet === true,
      supportsIpmi15: true,
      supportsIpmi20: lie !== 'ipmi15',
      oemId: 0,
      oemData: 0,
    });
    const payload = answer(request, { completionCode: 0, data: reply });
    return [ipmiDatagram(encodeSessionless({ sequence: 0, sessionId: 0, payload }))];
  }

  function onSession(session: FakeSession, datagram: Uint8Array): Uint8Array[] {
    const { secrets } = session;
    const inside = unseal(secrets, secrets.bmcSessionId, datagram);
    if (inside.kind === 'drop' || inside.payloadType !== payloadType.ipmi) return [];
    if (session.seen.has(inside.sequence)) return [];
    session.seen.add(inside.sequence);
    const request = decodeIpmiMessage(inside.payload);
    const result = carryOut(session, request);
    if (!result) return [];
    const sequence = ++session.sequence;
    const payload = answer(request, result);
    const to = secrets.consoleSessionId;
    const sealed = seal(secrets, { to, payloadType: payloadType.ipmi, sequence, payload }, random(16));
    return [lie === 'session' && sequence > 1 ? flipBit(sealed, -1) : sealed];
  }

  function carryOut(session: FakeSession, request: IpmiMessage): ReturnType<FakeHandler> {
    const { netFn, cmd, data } = request;
    if (netFn === closeSession.netFn && cmd === closeSession.cmd) {
      sessions.delete(session.secrets.bmcSessionId);
      return { completionCode: 0 };
    }
    if (netFn === setSessionPrivilege.netFn && cmd === setSessionPrivilege.cmd)
      return lie === 'privilege' ? { completionCode: 0x81 } : { completionCode: 0, data };
    executed.push(`${netFn}/${cmd} ${data.join(' ')}`.trim());
    return options.onCommand ? options.onCommand({ netFn, cmd, data }) : { completionCode: 0xc1 };
  }

  return {
    executed,
    rakp3,
    openSessions: () => sessions.size + pending.size,
    handle(datagram) {
      const body = ipmiBody(datagram);
      if (!body) return [];
      if (new ByteReader(body).u8('authType') === 0) return onProbe(body);
      const { sessionId, payloadType: type, payload, authenticated } = decodeSessionPacket(body, 12);
      const session = sessions.get(sessionId);
      if (authenticated) return session ? onSession(session, datagram) : [];
      if (type === payloadType.openSessionRequest) return onOpen(payload);
      if (type === payloadType.rakp1) return onRakp1(payload);
      return type === payloadType.rakp3 ? onRakp3(payload) : [];
    },
  };
}

function answer(request: IpmiMessage, result: NonNullable<ReturnType<FakeHandler>>): Uint8Array {
  return encodeIpmiMessage({
    toAddr: request.fromAddr,
    toLun: request.fromLun,
    netFn: request.netFn + 1,
    fromAddr: request.toAddr,
    fromLun: request.toLun,
    rqSeq: request.rqSeq,
    cmd: request.cmd,
    data: new ByteWriter()
      .u8(result.completionCode)
      .bytes(result.data ?? new Uint8Array())
      .done(),
  });
}
