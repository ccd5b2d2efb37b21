import { ByteReader, ByteWriter, WireError } from '../../../base/bytes.ts';
import { assertNever } from '../../../base/errors.ts';

/** One option as it stands on the wire. The name is lower case after decoding (RFC 2347 §2 makes names case-insensitive). */
export interface TftpOption {
  readonly name: string;
  readonly value: string;
}

/** Codes of ERROR packets. RFC 1350 §5 appendix, RFC 2347 §4 (8) */
export const tftpErrors = {
  undefined: 0,
  fileNotFound: 1,
  accessViolation: 2,
  illegalOperation: 4,
  unknownTransferId: 5,
  optionRefused: 8,
} as const;

/** A request to read or to write. `mode` is lower case after decoding. RFC 1350 §5 */
export interface TftpRequest {
  readonly kind: 'read' | 'write';
  readonly file: string;
  readonly mode: string;
  readonly options: readonly TftpOption[];
}

export type TftpPacket =
  | TftpRequest
  | { readonly kind: 'data'; readonly block: number; readonly data: Uint8Array }
  | { readonly kind: 'ack'; readonly block: number }
  | { readonly kind: 'error'; readonly code: number; readonly message: string }
  | { readonly kind: 'oack'; readonly options: readonly TftpOption[] };

/** An ERROR without a text: opcode, code and the text's NUL. RFC 1350 §5 */
const leastErrorBytes = 5;
/** Longest request. RFC 2347 §2 */
const maxRequestBytes = 512;
/** Header and largest block. RFC 2348 §2 */
const maxPacketBytes = 4 + 65464;

/** Reads any TFTP packet (opcodes 1-6); throws WireError on everything else. RFC 1350 §5, RFC 2347 §2 */
export function decodeTftp(bytes: Uint8Array): TftpPacket {
  if (bytes.length > maxPacketBytes) throw new WireError('too-long', 'tftp', `${bytes.length} bytes`);
  const r = new ByteReader(bytes);
  const opcode = r.u16be('tftp.opcode');
  switch (opcode) {
    case 1:
      return decodeRequest(r, 'read', bytes.length);
    case 2:
      return decodeRequest(r, 'write', bytes.length);
    case 3:
      return { kind: 'data', block: r.u16be('data.block'), data: r.rest() };
    case 4: {
      const block = r.u16be('ack.block');
      skipPadding(r, 'ack.end');
      return { kind: 'ack', block };
    }
    case 5:
      // Standard: the message ends with NUL. Firmware: some leave the NUL, or the whole message, out. We take what is there.
      return {
        kind: 'error',
        code: r.u16be('error.code'),
        message: r.remaining > 0 ? text(r, 'error.message', true) : '',
      };
    case 6:
      return { kind: 'oack', options: decodeOptions(r) };
    default:
      throw new WireError('bad-value', 'tftp.opcode', `${opcode} is no opcode`);
  }
}

/** Reads a packet of a transfer; undefined for noise. An ACK, which nearly all are, without the detour through all that it could be. */
export function receivedPacket(bytes: Uint8Array): TftpPacket | undefined {
  if (bytes.length === 4) {
    const r = new ByteReader(bytes);
    if (r.u16be('tftp.opcode') === 4) return { kind: 'ack', block: r.u16be('ack.block') };
  }
  try {
    return decodeTftp(bytes);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

/** Writes any TFTP packet; names and messages must be free of NUL (throws WireError). */
export function encodeTftp(packet: TftpPacket): Uint8Array {
  switch (packet.kind) {
    case 'read':
    case 'write': {
      const w = new ByteWriter().u16be(packet.kind === 'read' ? 1 : 2);
      put(w, packet.file);
      put(w, packet.mode);
      return putOptions(w, packet.options).done();
    }
    case 'data':
      return new ByteWriter(4 + packet.data.length).u16be(3).u16be(packet.block).bytes(packet.data).done();
    case 'ack':
      return new ByteWriter(4).u16be(4).u16be(packet.block).done();
    case 'error': {
      const w = new ByteWriter().u16be(5).u16be(packet.code);
      put(w, packet.message);
      return w.done();
    }
    case 'oack':
      return putOptions(new ByteWriter().u16be(6), packet.options).done();
    default:
      return assertNever(packet, 'TFTP packet');
  }
}

/**
 * An ERROR of at most `limit` bytes, with as much of the text as fits; undefined when not even one without a text does. For answers to
 * senders who may have forged their address: none may be longer than what it answers.
 */
export function encodeErrorWithin(limit: number, code: number, message: string): Uint8Array | undefined {
  if (limit < leastErrorBytes) return undefined;
  return encodeTftp({ kind: 'error', code, message: message.slice(0, limit - leastErrorBytes) });
}

function decodeRequest(r: ByteReader, kind: 'read' | 'write', length: number): TftpRequest {
  if (length > maxRequestBytes) throw new WireError('too-long', 'request', `${length} bytes`);
  const file = text(r, 'request.file');
  if (file === '') throw new WireError('bad-value', 'request.file', 'no file name');
  const mode = text(r, 'request.mode').toLowerCase();
  if (mode === '') throw new WireError('bad-value', 'request.mode', 'no mode');
  return { kind, file, mode, options: decodeOptions(r) };
}

function decodeOptions(r: ByteReader): readonly TftpOption[] {
  const options: TftpOption[] = [];
  while (r.remaining > 0) {
    const name = text(r, 'option.name').toLowerCase();
    if (name === '') {
      skipPadding(r, 'option.name');
      break;
    }
    if (options.some((other) => other.name === name)) {
      throw new WireError('bad-value', 'option.name', 'the same option twice'); // RFC 2347 §2: at most once
    }
    options.push({ name, value: text(r, 'option.value') });
  }
  return options;
}

/** Standard: nothing follows the last field. Firmware: some pad with NULs. We accept NULs and nothing else. */
function skipPadding(r: ByteReader, field: string): void {
  while (r.remaining > 0) {
    if (r.u8(field) !== 0) throw new WireError('trailing', field, 'bytes after the end');
  }
}

/** Bytes up to NUL, one character per byte, so that odd bytes survive for comparison and nothing has to be guessed. */
function text(r: ByteReader, field: string, endIsEnough = false): string {
  let out = '';
  for (;;) {
    if (endIsEnough && r.remaining === 0) return out;
    const byte = r.u8(field);
    if (byte === 0) return out;
    out += String.fromCharCode(byte);
  }
}

function put(w: ByteWriter, value: string): void {
  for (const char of value) {
    const code = char.codePointAt(0) ?? 0;
    if (code === 0 || code > 255) throw new WireError('bad-value', 'tftp.text', 'not one byte a character');
    w.u8(code);
  }
  w.u8(0);
}

function putOptions(w: ByteWriter, options: readonly TftpOption[]): ByteWriter {
  for (const { name, value } of options) {
    put(w, name);
    put(w, value);
  }
  return w;
}
