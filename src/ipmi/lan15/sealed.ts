import { equalSecrets } from '../crypto/hmac.ts';
import { lan15AuthCode } from '../crypto/lan15.ts';
import type { Envelope } from '../session/envelope.ts';
import { ipmiBody, ipmiDatagram, type Unsealed } from '../session/sealed.ts';
import { decodeLan15, encodeLan15, lan15AuthType } from '../wire/lan15-packet.ts';
import { payloadType } from '../wire/session-packet.ts';

/** What both ends of an IPMI 1.5 session know. */
export interface Lan15Secrets {
  readonly authType: number;
  readonly password: Uint8Array;
  readonly sessionId: number;
  readonly bigEndianSequence: boolean;
}

/** Order of bytes turned round: boards with the quirk `endianseq` count in big-endian. */
function swapped(value: number): number {
  return ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}

const onWire = (secrets: Lan15Secrets, sequence: number): number =>
  secrets.bigEndianSequence ? swapped(sequence) : sequence;

/** Datagram with an IPMI message. IPMI 2.0 §13.6, §22.17.1 */
export function sealLan15(secrets: Lan15Secrets, sequence: number, payload: Uint8Array): Uint8Array {
  const { authType, sessionId } = secrets;
  const open = { sessionId, sequence: onWire(secrets, sequence), payload };
  const authCode = lan15AuthCode(authType, secrets.password, open);
  return ipmiDatagram(encodeLan15({ ...open, authType, authCode }));
}

/**
 * Checks a datagram of the session. Another authentication type than the agreed one, or a wrong auth code, is `bad-integrity`.
 * WireError when malformed.
 */
export function unsealLan15(secrets: Lan15Secrets, datagram: Uint8Array): Unsealed {
  const body = ipmiBody(datagram);
  if (body === undefined) return { kind: 'drop', reason: 'not-for-us' };
  const packet = decodeLan15(body);
  if (packet.sessionId !== secrets.sessionId) return { kind: 'drop', reason: 'not-for-us' };
  if (packet.authType !== secrets.authType) return { kind: 'drop', reason: 'bad-integrity' };
  const expected = lan15AuthCode(secrets.authType, secrets.password, packet);
  if (!equalSecrets(expected, packet.authCode)) return { kind: 'drop', reason: 'bad-integrity' };
  return {
    kind: 'payload',
    payloadType: payloadType.ipmi,
    sequence: onWire(secrets, packet.sequence),
    payload: packet.payload,
  };
}

/** Envelope of an IPMI 1.5 session. */
export function lan15Envelope(
  secrets: Lan15Secrets,
  firstSequence: number,
  ignoreChecksums: boolean,
): Envelope {
  return {
    bmcSessionId: secrets.sessionId,
    carriesPayloads: false,
    firstSequence,
    checksSequence: secrets.authType !== lan15AuthType.none,
    // Without an auth code the checksum is all there is against damage.
    ignoreChecksums: ignoreChecksums && secrets.authType !== lan15AuthType.none,
    seal: (_type, sequence, payload) => sealLan15(secrets, sequence, payload),
    unseal: (datagram) => unsealLan15(secrets, datagram),
  };
}
