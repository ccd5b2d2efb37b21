import { decryptPayload, encryptPayload, type PayloadCipher } from '../crypto/aes-cbc.ts';
import { equalSecrets } from '../crypto/hmac.ts';
import { packetAuthCode } from '../crypto/integrity.ts';
import type { SessionKeys } from '../crypto/rakp.ts';
import type { CipherSuite } from '../crypto/suite.ts';
import { decodeRmcp, encodeRmcp, rmcpClass } from '../wire/rmcp.ts';
import { decodeSessionPacket, encodeSessionPacket } from '../wire/session-packet.ts';

/** What both ends of an open session know. */
export interface SessionSecrets {
  readonly suite: CipherSuite;
  readonly keys: SessionKeys;
  readonly consoleSessionId: number;
  readonly bmcSessionId: number;
}

/** Why a datagram was dropped. */
export type DropReason = 'not-for-us' | 'malformed' | 'bad-integrity' | 'replayed' | 'stale-reply';

/** What protects the packets of a session; `aes` where many are expected. */
type Protection = Pick<SessionSecrets, 'suite' | 'keys'> & { readonly aes?: PayloadCipher | undefined };

/** The key of the suite's encryption. IPMI 2.0 §13.29 */
export const aesKey = (keys: SessionKeys): Uint8Array => keys.k2.subarray(0, 16);

/** An RMCP datagram around `body` that asks for no acknowledge. IPMI 2.0 §13.1.3 */
export function ipmiDatagram(body: Uint8Array): Uint8Array {
  return encodeRmcp({ sequence: 0xff, messageClass: rmcpClass.ipmi, isAck: false, body });
}

/** Body of an RMCP datagram of class IPMI; undefined for other classes. WireError when malformed. */
export function ipmiBody(datagram: Uint8Array): Uint8Array | undefined {
  const rmcp = decodeRmcp(datagram);
  return rmcp.messageClass === rmcpClass.ipmi && !rmcp.isAck ? rmcp.body : undefined;
}

/** Datagram with a payload for the session `to`, protected as the suite says. `iv`: 16 unpredictable bytes. IPMI 2.0 §13.28, §13.29 */
export function seal(
  secrets: Protection,
  packet: {
    readonly to: number;
    readonly payloadType: number;
    readonly sequence: number;
    readonly payload: Uint8Array;
  },
  iv: Uint8Array,
): Uint8Array {
  const { suite, keys, aes } = secrets;
  const encrypted = suite.confidentiality !== undefined;
  const encrypt = (data: Uint8Array): Uint8Array =>
    aes ? aes.encrypt(iv, data) : encryptPayload(aesKey(keys), iv, data);
  const signed = encodeSessionPacket({
    payloadType: packet.payloadType,
    encrypted,
    authenticated: suite.integrity !== undefined,
    sessionId: packet.to,
    sequence: packet.sequence,
    payload: encrypted ? encrypt(packet.payload) : packet.payload,
  });
  const code = packetAuthCode(suite, keys, signed);
  const datagram = ipmiDatagram(signed);
  const whole = new Uint8Array(datagram.length + code.length);
  whole.set(datagram);
  whole.set(code, datagram.length);
  return whole;
}

export type Unsealed =
  | {
      readonly kind: 'payload';
      readonly payloadType: number;
      readonly sequence: number;
      readonly payload: Uint8Array;
    }
  | { readonly kind: 'drop'; readonly reason: DropReason };

/**
 * Checks and decrypts a datagram for the session `own`. What is less protected than the suite says, or has a wrong auth code, is
 * `bad-integrity`.
 * WireError when malformed.
 */
export function unseal(secrets: Protection, own: number, datagram: Uint8Array): Unsealed {
  const body = ipmiBody(datagram);
  if (body === undefined) return { kind: 'drop', reason: 'not-for-us' };
  const { suite, keys, aes } = secrets;
  const packet = decodeSessionPacket(body, suite.authCodeBytes);
  if (packet.sessionId !== own) return { kind: 'drop', reason: 'not-for-us' };
  const encrypted = suite.confidentiality !== undefined;
  const authenticated = suite.integrity !== undefined;
  if (packet.authenticated !== authenticated || packet.encrypted !== encrypted)
    return { kind: 'drop', reason: 'bad-integrity' };
  if (authenticated && !equalSecrets(packetAuthCode(suite, keys, packet.signed), packet.authCode))
    return { kind: 'drop', reason: 'bad-integrity' };
  const { payloadType, sequence } = packet;
  if (!encrypted) return { kind: 'payload', payloadType, sequence, payload: packet.payload };
  const payload = aes ? aes.decrypt(packet.payload) : decryptPayload(aesKey(keys), packet.payload);
  return { kind: 'payload', payloadType, sequence, payload };
}
