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
  const pieces = new Map<number, Uint8Array[]>();
  for (const area of areas) {
    for (const [option, value] of readPieces(area)) {
      const known = pieces.get(option);
      if (known) known.push(value);
      else pieces.set(option, [value]);
    }
  }
  pieces.delete(code.overload);
  return new Map(Array.from(pieces, ([option, values]) => [option, join(values)]));
}

/** Which fixed fields hold options, by option 52 of the options field (RFC 2132 §9.3). Throws WireError for an unknown value. */
export function overloadOf(area: Uint8Array): { readonly file: boolean; readonly sname: boolean } {
  const values = readPieces(area)
    .filter(([option]) => option === code.overload)
    .map(([, value]) => value);
  if (values.length === 0) return { file: false, sname: false };
  const r = new ByteReader(join(values));
  const value = r.u8('dhcp.options.52');
  r.end('dhcp.options.52');
  if (value < 1 || value > 3)
    throw new WireError('bad-value', 'dhcp.options.52', `${value} is not 1, 2 or 3`);
  return { file: (value & 1) !== 0, sname: (value & 2) !== 0 };
}

/**
 * Bytes of an options field with its end option. Always in one order: message type and server first (old ROMs look for them
 * there), relay information last (RFC 3046 §2.1), the rest by number. Values over 255 bytes are split (RFC 3396 §6).
 */
export function encodeOptions(options: Options): Uint8Array {
  const w = new ByteWriter(64);
  for (const option of [...options.keys()].sort((a, b) => rank(a) - rank(b))) {
    if (option < 1 || option > 254) throw new WireError('bad-value', 'dhcp.options', `no option ${option}`);
    const r = new ByteReader(options.get(option) ?? new Uint8Array());
    do {
      const piece = r.bytes(Math.min(MAX_PIECE, r.remaining), `dhcp.options.${option}`);
      w.u8(option).u8(piece.length).bytes(piece);
    } while (r.remaining > 0);
  }
  return w.u8(code.end).done();
}

function rank(option: number): number {
  if (option === code.messageType) return -2;
  if (option === code.serverId) return -1;
  return option === code.relayInfo ? 1000 : option;
}

function readPieces(area: Uint8Array): readonly (readonly [number, Uint8Array])[] {
  const r = new ByteReader(area);
  const pieces: (readonly [number, Uint8Array])[] = [];
  while (r.remaining > 0) {
    const option = r.u8('dhcp.options.code');
    if (option === code.end) break;
    if (option === code.pad) continue;
    const field = `dhcp.options.${option}`;
    pieces.push([option, r.bytes(r.u8(`${field}.length`), field)]);
  }
  return pieces;
}

function join(values: readonly Uint8Array[]): Uint8Array {
  const [first] = values;
  if (first !== undefined && values.length === 1) return first;
  const w = new ByteWriter(values.reduce((sum, value) => sum + value.length, 0));
  for (const value of values) w.bytes(value);
  return w.done();
}
