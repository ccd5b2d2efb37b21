import { createPayloadCipher, type PayloadCipher } from '../crypto/aes-cbc.ts';
import { payloadType as types } from '../wire/session-packet.ts';
import { aesKey, type SessionSecrets, seal, type Unsealed, unseal } from './sealed.ts';

/** How messages of an open session travel; made by a login. */
export interface Envelope {
  /** The session's id on the BMC, which Close Session needs. */
  readonly bmcSessionId: number;
  /** False for IPMI 1.5, which carries IPMI messages only. */
  readonly carriesPayloads: boolean;
  /** Number of the first packet that the console sends. */
  readonly firstSequence: number;
  /** False where packets prove nothing and some boards send 0: IPMI 1.5 without auth codes. */
  readonly checksSequence: boolean;
  /** Boards that compute the checksums of their replies wrongly are forgiven. */
  readonly ignoreChecksums: boolean;
  /** Datagram with a payload. `iv`: 16 unpredictable bytes. */
  readonly seal: (payloadType: number, sequence: number, payload: Uint8Array, iv: Uint8Array) => Uint8Array;
  /** Checks and opens a datagram from the BMC; WireError when malformed. */
  readonly unseal: (datagram: Uint8Array) => Unsealed;
}

/** Envelope of an RMCP+ session. IPMI 2.0 §13.28, §13.29 */
export function rmcpPlusEnvelope(secrets: SessionSecrets, ignoreChecksums = false): Envelope {
  const { suite, keys, bmcSessionId: to, consoleSessionId } = secrets;
  // Only a console is worth the memory of two contexts: a poller's session sends two packets a minute.
  let aes: PayloadCipher | undefined;
  return {
    bmcSessionId: to,
    carriesPayloads: true,
    firstSequence: 1,
    checksSequence: true,
    ignoreChecksums,
    seal(payloadType, sequence, payload, iv) {
      if (payloadType === types.sol && suite.confidentiality !== undefined)
        aes ??= createPayloadCipher(aesKey(keys));
      return seal({ suite, keys, aes }, { to, payloadType, sequence, payload }, iv);
    },
    unseal: (datagram) => unseal({ suite, keys, aes }, consoleSessionId, datagram),
  };
}
