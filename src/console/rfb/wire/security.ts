import { ByteReader, ByteWriter } from '../../../base/bytes.ts';

/** Security types; 0 announces a reason why there are none. RFC 6143 §7.1.2, §8.1.2 */
export const securityTypes = { invalid: 0, none: 1, vncAuthentication: 2 } as const;

/** Bytes of the challenge, and of the answer to it. RFC 6143 §7.2.2 */
export const challengeLength = 16;

/** Whether a SecurityResult says that the login went well. RFC 6143 §7.1.3 */
export function decodeSecurityResult(bytes: Uint8Array): boolean {
  return new ByteReader(bytes).u32be('securityResult.status') === 0;
}

/** SecurityResult "OK". RFC 6143 §7.1.3 */
export function encodeSecurityOk(): Uint8Array {
  return new ByteWriter(4).u32be(0).done();
}

/** "None" as the only security type, as the version says it: a list, or in 3.3 the server's decision. RFC 6143 §7.1.2 */
export function encodeNoneOnly(minor: 3 | 7 | 8): Uint8Array {
  const writer = new ByteWriter(4);
  return minor === 3 ? writer.u32be(securityTypes.none).done() : writer.u8(1).u8(securityTypes.none).done();
}

/**
 * A server's reason, name or other words for people: one line without control characters, at most 200 of them. The standard has
 * ASCII or Latin-1 (RFC 6143 §7.1.2); servers send UTF-8 as well.
 */
export function decodeWords(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  return text
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, 200);
}
