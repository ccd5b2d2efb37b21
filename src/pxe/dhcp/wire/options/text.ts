/** Longest text kept of what a client says about itself; 255 is what one option holds. */
const LONGEST = 255;

/**
 * Text of options 12 and 60 (RFC 2132 §3.14, §9.13): printable ASCII, anything else becomes `?`, because it ends in logs and on
 * screens. A final NUL, which RFC 2132 §2 forbids and some ROMs send, is dropped. Undefined when nothing is left.
 */
export function decodeText(value: Uint8Array): string | undefined {
  const end = value.indexOf(0);
  const shown = (end < 0 ? value : value.subarray(0, end)).subarray(0, LONGEST);
  const text = Buffer.from(shown.buffer, shown.byteOffset, shown.length).toString('latin1');
  return text === '' ? undefined : text.replace(/[^ -~]/g, '?');
}

const encoder = new TextEncoder();

/** ASCII bytes without a NUL. RFC 2132 §2 */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}
