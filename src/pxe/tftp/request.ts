import { WireError } from '../../base/bytes.ts';
import { messageOf } from '../../base/errors.ts';
import { toNetascii } from './netascii.ts';
import { decodeTftp, type TftpRequest, tftpErrors } from './wire/packet.ts';

/** What the server does with a datagram that came to its well-known port. */
export type RequestDecision =
  | {
      readonly kind: 'serve';
      readonly request: TftpRequest;
      readonly file: string;
      /** As it goes over the wire: translated for netascii. */
      readonly content: Uint8Array;
    }
  | {
      readonly kind: 'refuse';
      readonly code: number;
      /** Goes into the event, and to the client as far as it fits the answer: what helps stands first. */
      readonly reason: string;
      readonly file: string;
    }
  /** Not one byte of answer. */
  | { readonly kind: 'ignore'; readonly reason: string };

/**
 * Decides about a datagram at the well-known port. Malformed requests get ERROR 4, where it is no longer than they are; everything that is no request (stray DATA,
 * ACK, ERROR, noise) gets nothing, so that nobody can make two servers talk to each other. RFC 1350 §4, §5
 */
export function decideRequest(
  datagram: Uint8Array,
  files: (name: string) => Uint8Array | undefined,
): RequestDecision {
  let packet: ReturnType<typeof decodeTftp>;
  try {
    packet = decodeTftp(datagram);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    if (!looksLikeRequest(datagram)) return { kind: 'ignore', reason: messageOf(error) };
    return refuse(tftpErrors.illegalOperation, `${messageOf(error)} (malformed request)`, '');
  }
  if (packet.kind !== 'read' && packet.kind !== 'write') {
    return { kind: 'ignore', reason: `${packet.kind} packet at the request port` };
  }
  const shown = printable(packet.file);
  if (packet.kind === 'write') {
    return refuse(tftpErrors.accessViolation, 'this server is read-only', shown);
  }
  if (packet.mode !== 'octet' && packet.mode !== 'netascii') {
    const text = `use mode octet: ${printable(packet.mode)} is not served`;
    return refuse(tftpErrors.illegalOperation, text, shown);
  }
  const file = tableName(packet.file);
  const content = files(file);
  if (content === undefined) {
    return refuse(tftpErrors.fileNotFound, `no file ${printable(file)} here`, shown);
  }
  if (packet.mode === 'octet') return { kind: 'serve', request: packet, file, content };
  return { kind: 'serve', request: packet, file, content: netascii(content) };
}

/**
 * The name to look up. Standard: the name as sent. Firmware: puts a slash or a backslash in front, and some ROMs append the 0xff
 * (end of options) that follows the boot file name in a DHCP packet. We take these off and look in a closed table.
 */
export function tableName(file: string): string {
  return file
    .replaceAll('\\', '/')
    .replace(/^\/+/, '')
    .replace(/\u00ff+$/, '');
}

/** Text from a packet made safe for logs, events and answers: printable ASCII, at most 128 characters. */
export function printable(text: string): string {
  return text.slice(0, 128).replaceAll(/[^\x20-\x7e]/g, '?');
}

function refuse(code: number, reason: string, file: string): RequestDecision {
  return { kind: 'refuse', code, reason, file };
}

/** Translations of files that are still in the table: a file is translated once, however many ask. */
const translated = new WeakMap<Uint8Array, Uint8Array>();

function netascii(content: Uint8Array): Uint8Array {
  const known = translated.get(content);
  if (known !== undefined) return known;
  const made = toNetascii(content);
  translated.set(content, made);
  return made;
}

function looksLikeRequest(datagram: Uint8Array): boolean {
  return datagram.length >= 2 && datagram[0] === 0 && (datagram[1] === 1 || datagram[1] === 2);
}
