const cr = 13;
const lf = 10;

/** A text as mode netascii carries it: LF becomes CR LF, and a CR of its own CR NUL. RFC 1350 §1, RFC 764 */
export function toNetascii(text: Uint8Array): Uint8Array {
  let extra = 0;
  for (const byte of text) if (byte === cr || byte === lf) extra += 1;
  const out = new Uint8Array(text.length + extra);
  let at = 0;
  for (const byte of text) {
    if (byte === lf) out[at++] = cr;
    out[at++] = byte;
    if (byte === cr) out[at++] = 0;
  }
  return out;
}
