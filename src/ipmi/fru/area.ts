import { ByteReader } from '../../base/bytes.ts';
import { decodeFields } from './fields.ts';

/** FRU Information Storage Definition 1.0 §10 */
export interface ChassisArea {
  /** Enclosure type as in SMBIOS, such as 23 for a rack mount chassis. */
  readonly type: number;
  readonly partNumber: string;
  readonly serialNumber: string;
  readonly custom: readonly string[];
}

/** FRU Information Storage Definition 1.0 §11 */
export interface BoardArea {
  /** Seconds since 1970; undefined where it is not told. */
  readonly manufacturedAt: number | undefined;
  readonly manufacturer: string;
  readonly productName: string;
  readonly serialNumber: string;
  readonly partNumber: string;
  readonly fruFile: string;
  readonly custom: readonly string[];
}

/** FRU Information Storage Definition 1.0 §12 */
export interface ProductArea {
  readonly manufacturer: string;
  readonly productName: string;
  readonly partNumber: string;
  readonly version: string;
  readonly serialNumber: string;
  readonly assetTag: string;
  readonly fruFile: string;
  readonly custom: readonly string[];
}

/** Areas start with format and length. */
const headBytes = 2;
/** Board dates count minutes from 1996-01-01 00:00 UTC. FRU Information Storage Definition 1.0 §11 */
const boardEpoch = Date.UTC(1996, 0, 1) / 1000;

/** The area without format, length and checksum. */
function body(area: Uint8Array): ByteReader {
  const r = new ByteReader(area.subarray(0, Math.max(headBytes, area.length - 1)));
  r.skip(headBytes, 'fru.areaHead');
  return r;
}

/** Reads a whole chassis area. WireError when its fixed part is cut short. */
export function decodeChassisArea(area: Uint8Array): ChassisArea {
  const r = body(area);
  const type = r.u8('fru.chassisType');
  // The language of this area is always English.
  const [partNumber = '', serialNumber = '', ...custom] = decodeFields(r, 0);
  return { type, partNumber, serialNumber, custom };
}

/** Reads a whole board area. WireError when its fixed part is cut short. */
export function decodeBoardArea(area: Uint8Array): BoardArea {
  const r = body(area);
  const language = r.u8('fru.language');
  const minutes = r.u16le('fru.date') | (r.u8('fru.date') << 16);
  const [manufacturer = '', productName = '', serialNumber = '', partNumber = '', fruFile = '', ...custom] =
    decodeFields(r, language);
  const manufacturedAt = minutes === 0 ? undefined : boardEpoch + minutes * 60;
  return { manufacturedAt, manufacturer, productName, serialNumber, partNumber, fruFile, custom };
}

/** Reads a whole product area. WireError when its fixed part is cut short. */
export function decodeProductArea(area: Uint8Array): ProductArea {
  const r = body(area);
  const language = r.u8('fru.language');
  const [
    manufacturer = '',
    productName = '',
    partNumber = '',
    version = '',
    serialNumber = '',
    assetTag = '',
    fruFile = '',
    ...custom
  ] = decodeFields(r, language);
  return { manufacturer, productName, partNumber, version, serialNumber, assetTag, fruFile, custom };
}
