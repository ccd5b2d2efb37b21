import type { ByteReader } from '../../base/bytes.ts';
import { decodeTypedText, textTypeOf } from '../sdr/typed-text.ts';
import { toHex } from '../../base/bytes.ts';

/** Type/length byte that ends the fields of an area. FRU Information Storage Definition 1.0 §8 */
const endOfFields = 0xc1;
/** Language codes of English: 0 and 25. FRU Information Storage Definition 1.0 §15 */
const isEnglish = (language: number): boolean => language === 0 || language === 25;

/**
 * Fields of an area up to its end mark; binary ones as hex. An area without end mark ends with its bytes, and a field that is cut short
 * is left out. FRU Information Storage Definition 1.0 §13
 */
export function decodeFields(r: ByteReader, language: number): readonly string[] {
  const fields: string[] = [];
  while (r.remaining > 0) {
    const typeLength = r.u8('fru.typeLength');
    const length = typeLength & 0x3f;
    if (typeLength === endOfFields || length > r.remaining) break;
    const type = textTypeOf(typeLength);
    const bytes = r.bytes(length, 'fru.field');
    if (type === 0) fields.push(toHex(bytes));
    else fields.push(decodeTypedText(type === 3 && !isEnglish(language) ? 0 : type, bytes));
  }
  return fields;
}
