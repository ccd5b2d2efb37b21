import { CodedError } from './errors.ts';

/** What can be wrong with bytes from outside: too short, a value no standard allows, or bytes left over. */
export type WireErrorCode = 'truncated' | 'bad-value' | 'trailing' | 'too-long';

/** Malformed bytes from outside. `data.field` names the field that could not be read. */
export class WireError extends CodedError<WireErrorCode> {
  constructor(code: WireErrorCode, field: string, message: string) {
    super(code, `${field}: ${message}`, { data: { field } });
  }
}

/** Up to here copying in a loop is faster than making a view to copy from. */
const fewBytes = 16;

/** Bounds-checked cursor over received bytes; every read names its field, so that an error tells where the packet broke. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #offset: number;

  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes;
    this.#offset = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  u8(field: string): number {
    const at = this.#take(1, field);
    return this.#bytes[at] as number;
  }

  u16be(field: string): number {
    const at = this.#take(2, field);
    return ((this.#bytes[at] as number) << 8) | (this.#bytes[at + 1] as number);
  }

  u16le(field: string): number {
    const at = this.#take(2, field);
    return (this.#bytes[at] as number) | ((this.#bytes[at + 1] as number) << 8);
  }

  u32be(field: string): number {
    return this.u16be(field) * 0x10000 + this.u16be(field);
  }

  u32le(field: string): number {
    return this.u16le(field) + this.u16le(field) * 0x10000;
  }

  /** A copy of the next `length` bytes. */
  bytes(length: number, field: string): Uint8Array {
    const at = this.#take(length, field);
    // Not slice(): a Buffer's slice shares its memory.
    const copy = new Uint8Array(length);
    if (length > fewBytes) copy.set(this.#bytes.subarray(at, at + length));
    else for (let n = 0; n < length; n += 1) copy[n] = this.#bytes[at + n] as number;
    return copy;
  }

  /** A copy of everything left (maybe empty). */
  rest(): Uint8Array {
    return this.bytes(this.remaining, 'rest');
  }

  skip(length: number, field: string): void {
    this.#take(length, field);
  }

  /** Throws `trailing` unless everything was read. */
  end(field: string): void {
    if (this.remaining !== 0) throw new WireError('trailing', field, `${this.remaining} bytes left over`);
  }

  #take(length: number, field: string): number {
    if (length < 0 || length > this.remaining) {
      throw new WireError('truncated', field, `needs ${length} bytes, ${this.remaining} left`);
    }
    const at = this.#offset;
    this.#offset += length;
    return at;
  }
}

/** Growing output buffer; the same calls always give the same bytes. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  /** `room`: bytes to begin with, or memory to write into as long as that is enough. */
  constructor(room: number | Uint8Array = 64) {
    this.#bytes = typeof room === 'number' ? new Uint8Array(room) : room;
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    this.#grow(1);
    this.#bytes[this.#length++] = value & 0xff;
    return this;
  }

  u16be(value: number): this {
    return this.u8(value >>> 8).u8(value);
  }

  u16le(value: number): this {
    return this.u8(value).u8(value >>> 8);
  }

  u32be(value: number): this {
    this.#grow(4);
    this.#bytes[this.#length++] = value >>> 24;
    this.#bytes[this.#length++] = value >>> 16;
    this.#bytes[this.#length++] = value >>> 8;
    this.#bytes[this.#length++] = value;
    return this;
  }

  u32le(value: number): this {
    return this.u16le(value).u16le(value >>> 16);
  }

  bytes(value: Uint8Array): this {
    this.#grow(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  /** `length` zero bytes (or another fill). */
  fill(length: number, value = 0): this {
    this.#grow(length);
    this.#bytes.fill(value, this.#length, this.#length + length);
    this.#length += length;
    return this;
  }

  /** What was written, as it is and not a copy: the writer has to be left alone from now on. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A copy of what was written. */
  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #grow(by: number): void {
    if (this.#length + by <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + by));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** Lower-case hex of bytes, no separators. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  // A table and concatenation are ten times faster than padding each byte.
  for (const byte of bytes) text += hexPairs[byte];
  return text;
}

const hexPairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Bytes of a hex string with an even number of digits; throws WireError otherwise. */
export function fromHex(hex: string, field = 'hex'): Uint8Array {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(hex))
    throw new WireError('bad-value', field, 'not an even number of hex digits');
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
