import { ByteReader, ByteWriter, WireError } from '../../../base/bytes.ts';
import { code } from './option-codes.ts';

/** Option code to value; a value that came in pieces is whole here (RFC 3396). */
export type Options = ReadonlyMap<number, Uint8Array>;

const MAX_PIECE = 255;

/**
 * The option fields of one message, in the order in which RFC 3396 §5 joins them. A missing end option is taken for the end of
 * the field: some ROMs leave it out. Throws WireError for an option that runs over its field.
 */
export function decodeOptions(areas: readonly Uint8Array[]): Options {
  const options = new Map<number, Uint8Array>();
  for (const area of areas) readInto(options, new ByteReader(area));
  options.delete(code.overload);
  return options;
}

/**
 * The options of a message whose options field is the rest of `area`, with those in `file` and `sname` where option 52 says so
 * (RFC 2132 §9.3). Throws WireError, also for an unknown value of option 52.
 */
export function decodeOptionFields(
  area: ByteReader,
  file: () => Uint8Array,
  sname: () => Uint8Array,
): { readonly options: Options; readonly overload: Overload } {
  const options = new Map<number, Uint8Array>();
  readInto(options, area);
  const overload = overloadOf(options.get(code.overload));
  // Order of RFC 2131 §4.1 and RFC 3396 §5: options, file, sname.
  if (overload.file) readInto(options, new ByteReader(file()));
  if (overload.sname) readInto(options, new ByteReader(sname()));
  options.delete(code.overload);
  return { options, overload };
}

/** Which fixed fields hold options. */
export interface Overload {
  readonly file: boolean;
  readonly sname: boolean;
}

const noOverload: Overload = { file: false, sname: false };

function overloadOf(option: Uint8Array | undefined): Overload {
  if (option === undefined) return noOverload;
  const r = new ByteReader(option);
  const value = r.u8('dhcp.options.52');
  r.end('dhcp.options.52');
  if (value < 1 || value > 3)
    throw new WireError('bad-value', 'dhcp.options.52', `${value} is not 1, 2 or 3`);
  return { file: (value & 1) !== 0, sname: (value & 2) !== 0 };
}

/** The option that tells of an overload. */
export function encodeOverload({ file, sname }: Overload): Uint8Array {
  return Uint8Array.of((file ? 1 : 0) | (sname ? 2 : 0));
}

/** Bytes of an options field with its end option, in the order of `inOrder`. Values over 255 bytes are split (RFC 3396 §6). */
export function encodeOptions(options: Options): Uint8Array {
  let size = 1;
  for (const value of options.values()) size += sizeOf(value);
  const w = new ByteWriter(size);
  for (const option of inOrder(options)) writeOption(w, option, options.get(option) ?? new Uint8Array());
  return w.u8(code.end).view();
}

/**
 * Codes of options in the one order in which they are written: message type and server first (old ROMs look for them there),
 * relay information last (RFC 3046 §2.1), the rest by number. Throws WireError for a number that is no option.
 */
export function inOrder(options: Options): readonly number[] {
  const codes = [...options.keys()];
  for (const option of codes) {
    if (option < 1 || option > 254) throw new WireError('bad-value', 'dhcp.options', `no option ${option}`);
  }
  return codes.sort((a, b) => rank(a) - rank(b));
}

/** Bytes that an option takes. */
export function sizeOf(value: Uint8Array): number {
  return value.length + 2 * Math.max(1, Math.ceil(value.length / MAX_PIECE));
}

/** Writes one option, in pieces that follow each other where it is over 255 bytes long. */
export function writeOption(w: ByteWriter, option: number, value: Uint8Array): void {
  if (value.length <= MAX_PIECE) {
    w.u8(option).u8(value.length).bytes(value);
    return;
  }
  const r = new ByteReader(value);
  while (r.remaining > 0) {
    const piece = r.bytes(Math.min(MAX_PIECE, r.remaining), `dhcp.options.${option}`);
    w.u8(option).u8(piece.length).bytes(piece);
  }
}

function rank(option: number): number {
  if (option === code.messageType) return -2;
  if (option === code.serverId) return -1;
  return option === code.relayInfo ? 1000 : option;
}

function readInto(options: Map<number, Uint8Array>, r: ByteReader): void {
  while (r.remaining > 0) {
    const option = r.u8('dhcp.options.code');
    if (option === code.end) return;
    if (option === code.pad) continue;
    const value = readValue(r, option);
    const before = options.get(option);
    options.set(option, before === undefined ? value : joined(before, value));
  }
}

function readValue(r: ByteReader, option: number): Uint8Array {
  try {
    return r.bytes(r.u8('dhcp.options.length'), 'dhcp.options');
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new WireError(error.code, `dhcp.options.${option}`, error.message);
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  return new ByteWriter(a.length + b.length).bytes(a).bytes(b).done();
}
