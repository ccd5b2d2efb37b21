import { ByteReader } from '../../src/base/bytes.ts';
import {
  deriveKeys,
  type RakpFacts,
  rakp2AuthCode,
  rakp3AuthCode,
  rakp4Icv,
} from '../../src/ipmi/crypto/rakp.ts';
import { type CipherSuite, suite3, suites } from '../../src/ipmi/crypto/suite.ts';
import { ipmiBody, ipmiDatagram, type SessionSecrets, seal, unseal } from '../../src/ipmi/session/sealed.ts';
import { decodeIpmiMessage, encodeIpmiMessage, lanAddress } from '../../src/ipmi/wire/ipmi-message.ts';
import { decodeOpenSessionResponse, encodeOpenSessionRequest } from '../../src/ipmi/wire/open-session.ts';
import { encodeRakp1 } from '../../src/ipmi/wire/rakp1.ts';
import { decodeRakp2 } from '../../src/ipmi/wire/rakp2.ts';
import { encodeRakp3 } from '../../src/ipmi/wire/rakp3.ts';
import { decodeRakp4 } from '../../src/ipmi/wire/rakp4.ts';
import { decodeSessionPacket, encodeSessionPacket, payloadType } from '../../src/ipmi/wire/session-packet.ts';
import { type BmcConfig, defaultConfig } from '../../hardware-lab/bmc-sim/config.ts';
import { type BmcEffect, type BmcState, initialBmc } from '../../hardware-lab/bmc-sim/state.ts';
import { type BmcEvent, stepBmc } from '../../hardware-lab/bmc-sim/step.ts';

export const peer = { address: '127.0.0.1', port: 40_000 };
const bytes = new TextEncoder();

/** A BMC without a socket, whose clock the test turns. */
export class Bench {
  now = 1_700_000_000_000;
  state: BmcState;
  effects: readonly BmcEffect[] = [];

  constructor(config: Partial<BmcConfig> = {}, powerOn = false) {
    const identity = {
      address: '127.1.0.1',
      port: 623,
      guid: new Uint8Array(16).fill(7),
      serial: 'SIM',
      seed: 1,
    };
    this.state = initialBmc({ ...defaultConfig, ...config }, identity, powerOn);
  }

  happen(
    event: BmcEvent extends infer E ? (E extends BmcEvent ? Omit<E, 'now'> : never) : never,
  ): readonly BmcEffect[] {
    [this.state, this.effects] = stepBmc(this.state, { ...event, now: this.now });
    return this.effects;
  }

  /** Time goes on without a packet. */
  pass(ms: number): void {
    this.now += ms;
    this.happen({ kind: 'faults', faults: {} });
  }

  /** Datagrams that come back for one that is sent. */
  send(datagram: Uint8Array): readonly Uint8Array[] {
    return this.happen({ kind: 'datagram', datagram, from: peer }).flatMap((one) =>
      one.kind === 'send' ? [one.datagram] : [],
    );
  }

  plain(type: number, payload: Uint8Array): Uint8Array | undefined {
    const outside = { encrypted: false, authenticated: false, sessionId: 0, sequence: 0 };
    const [answer] = this.send(ipmiDatagram(encodeSessionPacket({ ...outside, payloadType: type, payload })));
    const body = answer && ipmiBody(answer);
    return body && decodeSessionPacket(body, 0).payload;
  }
}

export interface LoginWish {
  readonly username?: string;
  readonly password?: string;
  readonly role?: number;
  readonly suite?: CipherSuite;
  readonly kg?: Uint8Array;
  readonly consoleSessionId?: number;
}

/** Logs in step by step; answers an RMCP+ status when the BMC refuses. Throws when the BMC does not prove that it knows the keys. */
export function logIn(bench: Bench, wish: LoginWish = {}): TestSession | number {
  const suite = wish.suite ?? suite3;
  const consoleSessionId = wish.consoleSessionId ?? 0x0a0b0c0d + bench.state.sessions.length;
  const { algorithms } = suite;
  const open = decodeOpenSessionResponse(
    bench.plain(
      payloadType.openSessionRequest,
      encodeOpenSessionRequest({ tag: 1, maxPrivilege: 0, consoleSessionId, algorithms }),
    )!,
  );
  if (open.kind === 'refused') return open.status;
  const { bmcSessionId } = open;
  const username = bytes.encode(wish.username ?? 'admin');
  const role = wish.role ?? 0x14;
  const consoleRandom = new Uint8Array(16).fill(9);
  const rakp1 = encodeRakp1({ tag: 2, bmcSessionId, consoleRandom, role, username });
  const two = decodeRakp2(bench.plain(payloadType.rakp1, rakp1)!);
  if (two.kind === 'refused') return two.status;
  const { bmcRandom, bmcGuid } = two;
  const password = bytes.encode(wish.password ?? 'test-secret');
  const ids = { consoleSessionId, bmcSessionId };
  const facts: RakpFacts = {
    ...ids,
    consoleRandom,
    bmcRandom,
    bmcGuid,
    role,
    username,
    password,
    kg: wish.kg,
  };
  const knows = String(two.authCode) === String(rakp2AuthCode(suite, facts));
  const authCode = rakp3AuthCode(suite, facts);
  const rakp3 = encodeRakp3({ kind: 'accepted', tag: 3, bmcSessionId, authCode });
  const four = decodeRakp4(bench.plain(payloadType.rakp3, rakp3)!);
  if (four.kind === 'refused') return four.status;
  const keys = deriveKeys(suite, facts);
  const genuine = knows && String(four.icv) === String(rakp4Icv(suite, keys.sik, facts));
  return new TestSession(bench, { suite, keys, ...ids }, genuine);
}

/** A session that must come about. */
export function mustLogIn(bench: Bench, wish: LoginWish = {}): TestSession {
  const session = logIn(bench, wish);
  if (typeof session === 'number') throw new Error(`login refused with status ${session}`);
  return session;
}

/** A console with an open session. */
export class TestSession {
  sequence = 0;
  rqSeq = 0;
  readonly bench: Bench;
  readonly secrets: SessionSecrets;
  /** False when the BMC's proofs in RAKP 2 or RAKP 4 were wrong. */
  readonly genuine: boolean;

  constructor(bench: Bench, secrets: SessionSecrets, genuine: boolean) {
    this.bench = bench;
    this.secrets = secrets;
    this.genuine = genuine;
  }

  sealed(payload: Uint8Array, type: number = payloadType.ipmi): Uint8Array {
    const packet = { to: this.secrets.bmcSessionId, payloadType: type, sequence: ++this.sequence, payload };
    return seal(this.secrets, packet, new Uint8Array(16));
  }

  request(netFn: number, cmd: number, data: readonly number[], rqSeq = ++this.rqSeq): Uint8Array {
    const from = { fromAddr: lanAddress.remoteConsole, fromLun: 0, toAddr: lanAddress.bmc, toLun: 0 };
    return encodeIpmiMessage({ ...from, netFn, cmd, rqSeq: rqSeq & 0x3f, data: Uint8Array.from(data) });
  }

  /** Payloads of genuine packets for this session. */
  open(datagrams: readonly Uint8Array[], type: number = payloadType.ipmi): readonly Uint8Array[] {
    return datagrams.flatMap((datagram) => {
      const inside = unseal(this.secrets, this.secrets.consoleSessionId, datagram);
      return inside.kind === 'payload' && inside.payloadType === type ? [inside.payload] : [];
    });
  }

  /** Completion code and data; undefined when no answer comes. */
  command(netFn: number, cmd: number, data: readonly number[] = []): readonly number[] | undefined {
    const [reply] = this.open(this.bench.send(this.sealed(this.request(netFn, cmd, data))));
    return reply && Array.from(decodeIpmiMessage(reply).data);
  }
}

/** Sequence number of a session packet. */
export function sequenceOf(datagram: Uint8Array): number {
  const r = new ByteReader(ipmiBody(datagram)!, 6);
  return r.u32le('sequence');
}

export const suiteOf = (id: number): CipherSuite => suites.get(id)!;
