import { ByteReader } from '../../src/base/bytes.ts';
import {
  encodeCipherSuiteRecords,
  getChannelCipherSuites,
} from '../../src/ipmi/commands/app/get-channel-cipher-suites.ts';
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
import { type CipherSuite, suites } from '../../src/ipmi/crypto/suite.ts';
import { ipmiBody, ipmiDatagram, type SessionSecrets, seal, unseal } from '../../src/ipmi/session/sealed.ts';
import { decodeIpmiMessage, type IpmiMessage } from '../../src/ipmi/wire/ipmi-message.ts';
import { decodeOpenSessionRequest, encodeOpenSessionResponse } from '../../src/ipmi/wire/open-session.ts';
import { decodeRakp1 } from '../../src/ipmi/wire/rakp1.ts';
import { encodeRakp2 } from '../../src/ipmi/wire/rakp2.ts';
import { decodeRakp3 } from '../../src/ipmi/wire/rakp3.ts';
import { encodeRakp4 } from '../../src/ipmi/wire/rakp4.ts';
import {
  decodeSessionPacket,
  encodeSessionPacket,
  payloadType,
  peekSessionId,
} from '../../src/ipmi/wire/session-packet.ts';
import { authType } from '../../src/ipmi/wire/sessionless-packet.ts';
import { fakeLan15 } from './fake-bmc-lan15.ts';
import { answer, type FakeBmcOptions, type FakeHandler, type FakeResult } from './fake-bmc-options.ts';
import { flipBit } from './flip.ts';

interface FakeLogin extends RakpFacts {
  readonly suite: CipherSuite;
  readonly openPrivilege: number;
}

interface FakeSession {
  readonly facts: FakeLogin;
  readonly secrets: SessionSecrets;
  sequence: number;
  readonly seen: Set<number>;
}

export type { FakeBmcOptions } from './fake-bmc-options.ts';

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
  const taken = options.suites ?? [3, 17];
  const pending = new Map<number, FakeLogin>();
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
    const suite = [...suites.values()].find(
      (one) => taken.includes(one.id) && JSON.stringify(one.algorithms) === JSON.stringify(algorithms),
    );
    if (!suite) return plain(type, encodeOpenSessionResponse({ kind: 'refused', tag, status: 0x11 }));
    const bmcSessionId = lie === 'sessionId0' ? 0 : (lastId += 2);
    pending.set(bmcSessionId, {
      suite,
      openPrivilege: maxPrivilege,
      consoleSessionId,
      bmcSessionId,
      consoleRandom: new Uint8Array(16),
      bmcRandom: random(16),
      bmcGuid: guid,
      role: 0,
      username: new Uint8Array(),
      password: text.encode(options.password ?? 'test-secret'),
      kg: options.kg,
    });
    const agreed = lie === 'algorithms' ? { ...algorithms, confidentiality: 0 } : algorithms;
    return plain(
      type,
      encodeOpenSessionResponse({
        kind: 'accepted',
        tag,
        maxPrivilege: maxPrivilege === 0 ? 4 : maxPrivilege,
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
    const named = new TextDecoder().decode(username);
    const wished = options.username ?? 'admin';
    const known = named === (options.quirk === 'padded-username' ? wished.padEnd(16, '\0') : wished);
    const code = status('rakp2') || (known ? 0 : 0x0d);
    if (code !== 0) {
      pending.delete(bmcSessionId);
      return plain(payloadType.rakp2, encodeRakp2({ kind: 'refused', tag, status: code, consoleSessionId }));
    }
    const hashedRole = options.quirk === 'open-privilege' ? (role & 0x10) | before.openPrivilege : role;
    const facts = { ...before, consoleRandom, role: hashedRole, username };
    pending.set(bmcSessionId, facts);
    const right = spoil(rakp2AuthCode(facts.suite, facts), 'rakp2');
    const authCode = options.quirk === 'long-rakp2' ? Uint8Array.from([...right, 0]) : right;
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
      String(message.authCode) === String(rakp3AuthCode(facts.suite, plainNamed(facts)));
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
    const { suite } = facts;
    const keys = deriveKeys(suite, facts);
    if (pending.delete(bmcSessionId)) {
      const secrets = { suite, keys, consoleSessionId, bmcSessionId };
      sessions.set(bmcSessionId, { facts, secrets, sequence: 0, seen: new Set() });
    }
    const icv = spoil(rakp4Icv(suite, keys.sik, facts), 'rakp4');
    return plain(payloadType.rakp4, encodeRakp4({ kind: 'accepted', tag, consoleSessionId, icv }));
  }

  function onProbe(request: IpmiMessage): FakeResult | undefined {
    if (request.cmd === getChannelCipherSuites.cmd) {
      const { listed = taken } = options;
      if (listed === 'silent') return undefined;
      if (listed === 'refused') return { completionCode: 0xc1 };
      const none = { authentication: 0, integrity: 0, confidentiality: 0 };
      const list = listed.map((id) => ({ id, algorithms: suites.get(id)?.algorithms ?? none }));
      const wished = getChannelCipherSuites.decodeRequest(request.data).index;
      const index = options.quirk === 'endless-list' ? 0 : wished;
      const records = encodeCipherSuiteRecords(list).subarray(16 * index, 16 * index + 16);
      return { completionCode: 0, data: getChannelCipherSuites.encodeReply({ channel: 1, records }) };
    }
    if (request.cmd !== getChannelAuthCapabilities.cmd) return undefined;
    const data = getChannelAuthCapabilities.encodeReply({
      channel: 1,
      authTypes: options.authTypes ?? 0x17,
      loginStatus: 0x04,
      keyGSet: options.keyGSet ?? options.kg !== undefined,
      supportsIpmi15: true,
      supportsIpmi20: lie !== 'ipmi15',
      oemId: 0,
      oemData: 0,
    });
    return { completionCode: 0, data };
  }

  function onSession(session: FakeSession, datagram: Uint8Array): Uint8Array[] {
    const { secrets } = session;
    const inside = unseal(secrets, secrets.bmcSessionId, datagram);
    if (inside.kind === 'drop' || session.seen.has(inside.sequence)) return [];
    session.seen.add(inside.sequence);
    if (inside.payloadType !== payloadType.ipmi) {
      const to = secrets.consoleSessionId;
      return (options.onPayload?.(inside.payload) ?? []).map((payload) =>
        seal(secrets, { ...inside, to, sequence: ++session.sequence, payload }, random(16)),
      );
    }
    const request = decodeIpmiMessage(inside.payload);
    const result = carryOut(secrets.bmcSessionId, request);
    if (!result) return [];
    const sequence = ++session.sequence;
    const right = answer(request, result);
    const payload = options.quirk === 'bad-checksums' ? flipBit(right, -1) : right;
    const to = secrets.consoleSessionId;
    const sealed = seal(secrets, { to, payloadType: payloadType.ipmi, sequence, payload }, random(16));
    return [lie === 'session' && sequence > 1 ? flipBit(sealed, -1) : sealed];
  }

  function carryOut(bmcSessionId: number, request: IpmiMessage): ReturnType<FakeHandler> {
    const { netFn, cmd, data } = request;
    const isClose = netFn === closeSession.netFn && cmd === closeSession.cmd;
    if (isClose && closeSession.decodeRequest(data) === bmcSessionId) {
      sessions.delete(bmcSessionId);
      lan15.close(bmcSessionId);
      return { completionCode: 0 };
    }
    if (netFn === setSessionPrivilege.netFn && cmd === setSessionPrivilege.cmd)
      return lie === 'privilege' ? { completionCode: 0x81 } : { completionCode: 0, data };
    executed.push(`${netFn}/${cmd} ${data.join(' ')}`.trim());
    return options.onCommand ? options.onCommand({ netFn, cmd, data }) : { completionCode: 0xc1 };
  }

  const lan15 = fakeLan15({
    username: options.username ?? 'admin',
    password: text.encode(options.password ?? 'test-secret'),
    authTypes: options.authTypes ?? 0x17,
    isBigEndian: options.quirk === 'big-endian',
    lie: lie === 'rakp4' || lie === 'session' ? lie : undefined,
    random,
    outside: onProbe,
    inside: carryOut,
  });

  return {
    executed,
    rakp3,
    openSessions: () => sessions.size + pending.size + lan15.openSessions(),
    handle(datagram) {
      const body = ipmiBody(datagram);
      if (!body) return [];
      if (new ByteReader(body).u8('authType') !== authType.rmcpPlus) return lan15.handle(body);
      const session = sessions.get(peekSessionId(body));
      if (session) return onSession(session, datagram);
      if (peekSessionId(body) !== 0) return [];
      const { payloadType: type, payload } = decodeSessionPacket(body, 0);
      if (type === payloadType.openSessionRequest) return onOpen(payload);
      if (type === payloadType.rakp1) return onRakp1(payload);
      return type === payloadType.rakp3 ? onRakp3(payload) : [];
    },
  };
}

/** Boards that want the name filled up to 16 bytes make RAKP 3 of the plain name and level, as FreeIPMI does for them. */
function plainNamed(facts: FakeLogin): FakeLogin {
  const end = facts.username.indexOf(0);
  return end < 0 ? facts : { ...facts, username: facts.username.slice(0, end), role: facts.role & 0x0f };
}
