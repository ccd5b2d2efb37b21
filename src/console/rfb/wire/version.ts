import { ByteWriter, WireError } from '../../../base/bytes.ts';

/** Versions of RFB as they are spoken; the numbers are the minor ones of 3.x. RFC 6143 §7.1.1 */
export type RfbMinor = 3 | 7 | 8;

/** Bytes of a ProtocolVersion message. RFC 6143 §7.1.1 */
export const versionLength = 12;

/**
 * Version to speak with a side that said so: the highest of ours that is not above its own. Numbers in between (3.5, 3.889, 4.1, 5.0) are
 * in use and mean the next lower of the three. WireError for anything else. RFC 6143 §7.1.1
 */
export function decodeVersion(bytes: Uint8Array): RfbMinor {
  const text = new TextDecoder('latin1').decode(bytes);
  const match = /^RFB (\d{3})\.(\d{3})\n$/.exec(text);
  if (match === null) throw new WireError('bad-value', 'version', 'is not a version of RFB');
  const [major, minor] = [Number(match[1]), Number(match[2])];
  if (major < 3 || (major === 3 && minor < 3)) {
    throw new WireError('bad-value', 'version', `${major}.${minor} is below 3.3`);
  }
  if (major > 3 || minor >= 8) return 8;
  return minor === 7 ? 7 : 3;
}

/** The message that says a version. RFC 6143 §7.1.1 */
export function encodeVersion(minor: RfbMinor): Uint8Array {
  return new ByteWriter(versionLength).bytes(new TextEncoder().encode(`RFB 003.00${minor}\n`)).done();
}
