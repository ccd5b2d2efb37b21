import { ByteReader } from '../../base/bytes.ts';
import { ConsoleError } from '../errors.ts';
import { type ClientMessageHead, readClientMessageHead } from './wire/client-messages.ts';
import { decodeSetEncodings, encodeSetEncodings, isDrawingOnly } from './wire/encodings.ts';

/** Some 30 are in use at once. */
const maxEncodings = 1024;

/** What looking needs goes on. The rest is dropped: keys, pointer, clipboard, power, size, sound. */
function fateOf({ name, length }: ClientMessageHead): 'pass' | 'drop' | 'rewrite' {
  switch (name) {
    case 'SetPixelFormat':
    case 'FramebufferUpdateRequest':
    case 'EnableContinuousUpdates':
    case 'ClientFence':
      return 'pass';
    case 'SetEncodings':
      if (length <= 4 + 4 * maxEncodings) return 'rewrite';
      throw new ConsoleError('refused', `the viewer lists more than ${maxEncodings} encodings`);
    default:
      return 'drop';
  }
}

/**
 * Lets a viewer look and nothing else: takes its bytes after ClientInit in whatever pieces they come, and answers what of them the
 * server may get. ConsoleError `refused` for a message that nobody knows the end of. Filter and server must see the same ends, or a
 * part of one message could be a key to the server: of SetEncodings only what leaves the viewer's messages as they are goes on.
 */
export function createViewOnlyFilter(): (bytes: Uint8Array) => Uint8Array {
  let head: number[] = [];
  /** The message under way, after its head. */
  let left = 0;
  let fate: ReturnType<typeof fateOf> = 'drop';
  let kept: Uint8Array[] = [];

  /** Says what of a message may go now that one more piece of it is there. */
  const take = (piece: Uint8Array): Uint8Array => {
    if (fate === 'pass') return piece;
    if (fate === 'drop') return new Uint8Array();
    kept.push(piece);
    if (left > 0) return new Uint8Array();
    const wished = decodeSetEncodings(Buffer.concat(kept));
    kept = [];
    return encodeSetEncodings(wished.filter(isDrawingOnly));
  };

  return (bytes) => {
    const out: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      if (left > 0) {
        const piece = bytes.subarray(at, at + left);
        left -= piece.length;
        at += piece.length;
        out.push(take(piece));
        continue;
      }
      head.push(new ByteReader(bytes, at).u8('client.head'));
      at += 1;
      const message = readClientMessageHead(Uint8Array.from(head));
      if (message === 'more') continue;
      if (message === 'unknown') {
        throw new ConsoleError(
          'refused',
          `the viewer sent a message of type ${head.join('.')}, which is not known here; this screen is view-only, so it was closed`,
          { data: { type: head } },
        );
      }
      fate = fateOf(message);
      left = message.length - head.length;
      out.push(take(Uint8Array.from(head)));
      head = [];
    }
    return Buffer.concat(out);
  };
}
