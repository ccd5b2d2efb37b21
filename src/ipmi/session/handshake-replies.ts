import { ByteReader } from '../../base/bytes.ts';
import { getChannelAuthCapabilities } from '../commands/app/get-channel-auth-capabilities.ts';
import type { SessionKeys } from '../crypto/rakp.ts';
import type { CipherSuite } from '../crypto/suite.ts';
import { decodeIpmiMessage } from '../wire/ipmi-message.ts';
import { decodeOpenSessionResponse, type OpenSessionResponse } from '../wire/open-session.ts';
import { decodeRakp2, type Rakp2 } from '../wire/rakp2.ts';
import { decodeRakp4, type Rakp4 } from '../wire/rakp4.ts';
import { decodeSessionPacket, payloadType } from '../wire/session-packet.ts';
import { authType, decodeSessionless } from '../wire/sessionless-packet.ts';
import { ipmiBody, unseal } from './sealed.ts';

/** An answer of a BMC during a login. */
export type HandshakeReply =
  | {
      readonly kind: 'capabilities';
      /** Undefined when the BMC refused to tell. */
      readonly supportsIpmi20: boolean | undefined;
      readonly keyGSet: boolean;
    }
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
  if (new ByteReader(body).u8('session.authType') === authType.none) return capabilities(body);
  const packet = decodeSessionPacket(body, suite.authCodeBytes);
  if (!packet.authenticated && !packet.encrypted)
    return packet.sessionId === 0 ? message(packet.payloadType, packet.payload) : undefined;
  if (keys === undefined) return undefined;
  const inside = unseal({ suite, keys }, consoleSessionId, datagram);
  if (inside.kind === 'drop' || inside.payloadType !== payloadType.rakp4) return undefined;
  return message(inside.payloadType, inside.payload);
}

function capabilities(body: Uint8Array): HandshakeReply | undefined {
  const reply = decodeIpmiMessage(decodeSessionless(body).payload);
  const { netFn, cmd, decodeReply } = getChannelAuthCapabilities;
  if (reply.netFn !== netFn + 1 || reply.cmd !== cmd) return undefined;
  const r = new ByteReader(reply.data);
  if (r.u8('reply.completionCode') !== 0)
    return { kind: 'capabilities', supportsIpmi20: undefined, keyGSet: false };
  const { supportsIpmi20, keyGSet } = decodeReply(r.rest());
  return { kind: 'capabilities', supportsIpmi20, keyGSet };
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
