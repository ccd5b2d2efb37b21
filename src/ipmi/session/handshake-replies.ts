import { ByteReader } from '../../base/bytes.ts';
import { getChannelAuthCapabilities } from '../commands/app/get-channel-auth-capabilities.ts';
import { getChannelCipherSuites } from '../commands/app/get-channel-cipher-suites.ts';
import { netFn } from '../commands/command.ts';
import type { SessionKeys } from '../crypto/rakp.ts';
import type { CipherSuite } from '../crypto/suite.ts';
import { decodeIpmiMessage } from '../wire/ipmi-message.ts';
import { decodeOpenSessionResponse, type OpenSessionResponse } from '../wire/open-session.ts';
import { decodeRakp2, type Rakp2 } from '../wire/rakp2.ts';
import { decodeRakp4, type Rakp4 } from '../wire/rakp4.ts';
import { decodeSessionPacket, payloadType } from '../wire/session-packet.ts';
import { authType, decodeSessionless } from '../wire/sessionless-packet.ts';
import { factsOf, type LoginFacts } from './facts.ts';
import { ipmiBody, unseal } from './sealed.ts';

/** A part of the BMC's list of cipher suites, or its refusal to tell. */
export interface SuitesReply {
  readonly kind: 'suites';
  /** Which part, known by the requester's sequence number. */
  readonly index: number;
  readonly records: Uint8Array | undefined;
}

/** An answer of a BMC during a login. */
export type HandshakeReply =
  | {
      readonly kind: 'capabilities';
      /** Undefined when the BMC refused to tell. */
      readonly facts: LoginFacts | undefined;
    }
  | SuitesReply
  | { readonly kind: 'open'; readonly message: OpenSessionResponse }
  | { readonly kind: 'rakp2'; readonly message: Rakp2 }
  | { readonly kind: 'rakp4'; readonly message: Rakp4 };

/**
 * Reads an answer; undefined for what is none (another RMCP class, another payload). WireError when malformed.
 * `keys` once there are any: ipmi_sim answers a repeated RAKP 3 inside the session that it opened already (docs/quirks.md).
 */
export function decodeHandshakeReply(
  datagram: Uint8Array,
  suite: CipherSuite,
  keys: SessionKeys | undefined,
  consoleSessionId: number,
): HandshakeReply | undefined {
  const body = ipmiBody(datagram);
  if (body === undefined) return undefined;
  if (new ByteReader(body).u8('session.authType') === authType.none) return sessionless(body);
  const packet = decodeSessionPacket(body, suite.authCodeBytes);
  if (!packet.authenticated && !packet.encrypted)
    return packet.sessionId === 0 ? message(packet.payloadType, packet.payload) : undefined;
  if (keys === undefined) return undefined;
  const inside = unseal({ suite, keys }, consoleSessionId, datagram);
  if (inside.kind === 'drop' || inside.payloadType !== payloadType.rakp4) return undefined;
  return message(inside.payloadType, inside.payload);
}

function sessionless(body: Uint8Array): HandshakeReply | undefined {
  const reply = decodeIpmiMessage(decodeSessionless(body).payload);
  if (reply.netFn !== netFn.app + 1) return undefined;
  const r = new ByteReader(reply.data);
  const isRefused = r.u8('reply.completionCode') !== 0;
  if (reply.cmd === getChannelAuthCapabilities.cmd)
    return {
      kind: 'capabilities',
      facts: isRefused ? undefined : factsOf(getChannelAuthCapabilities.decodeReply(r.rest())),
    };
  if (reply.cmd !== getChannelCipherSuites.cmd) return undefined;
  const records = isRefused ? undefined : getChannelCipherSuites.decodeReply(r.rest()).records;
  return { kind: 'suites', index: reply.rqSeq, records };
}

function message(type: number, payload: Uint8Array): HandshakeReply | undefined {
  switch (type) {
    case payloadType.openSessionResponse:
      return { kind: 'open', message: decodeOpenSessionResponse(payload) };
    case payloadType.rakp2:
      return { kind: 'rakp2', message: decodeRakp2(payload) };
    case payloadType.rakp4:
      return { kind: 'rakp4', message: decodeRakp4(payload) };
    default:
      return undefined;
  }
}
