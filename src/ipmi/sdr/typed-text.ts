import { ByteReader } from '../../base/bytes.ts';

const bcdPlus = '0123456789 -.:,_';

const latin1 = (bytes: Uint8Array): string => String.fromCodePoint(...bytes);

function sixBit(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held |= byte << bits;
    bits += 8;
    for (; bits >= 6; bits -= 6, held >>= 6) text += String.fromCodePoint(0x20 + (held & 0x3f));
  }
  return text;
}

const bcd = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => `${bcdPlus[byte >> 4] ?? ''}${bcdPlus[byte & 0x0f] ?? ''}`).join('');

function utf16(bytes: Uint8Array): string {
  const r = new ByteReader(bytes);
  let text = '';
  while (r.remaining >= 2) text += String.fromCharCode(r.u16le('text.unicode'));
  return text;
}

/** Encodings by the two bits of a type/length byte; type 0 differs: Unicode in sensor records, binary in FRU data. IPMI 2.0 §43.15 */
export type TextType = 0 | 1 | 2 | 3;

/** Control and direction characters, which a hostile board may send to a terminal, become dots; blanks at the end go. */
const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '.').trimEnd();

const withoutZeros = (bytes: Uint8Array): Uint8Array =>
  bytes.subarray(0, bytes.findLastIndex((b) => b !== 0) + 1);

/** Text of bytes: 0 UTF-16, 1 BCD plus, 2 packed 6-bit ASCII, 3 Latin-1. Never throws. IPMI 2.0 §43.15 */
export function decodeTypedText(type: TextType, bytes: Uint8Array): string {
  if (type === 0) return printable(utf16(bytes).replace(/\0+$/, ''));
  if (type === 1) return printable(bcd(bytes));
  if (type === 2) return printable(sixBit(bytes));
  return printable(latin1(withoutZeros(bytes)));
}

/** The two high bits of a type/length byte. */
export const textTypeOf = (typeLength: number): TextType => ((typeLength >> 6) & 0x03) as TextType;

/** Id string at the end of a sensor record: type/length byte and bytes; missing ones are left out. IPMI 2.0 §43.15 */
export function decodeIdString(r: ByteReader): string {
  if (r.remaining === 0) return '';
  const typeLength = r.u8('sdr.idType');
  const type = textTypeOf(typeLength);
  const length = typeLength & 0x1f;
  // The standard counts characters of packed text, many boards count bytes; what is there tells which.
  const packed = Math.ceil((length * 3) / 4);
  const bytes = type === 2 && r.remaining < length && r.remaining >= packed ? packed : length;
  return decodeTypedText(type, r.bytes(Math.min(bytes, r.remaining), 'sdr.idString'));
}
