import { ByteReader } from '../../base/bytes.ts';
import { messageOf } from '../../base/errors.ts';
import type { ServerMessage } from '../../console/protocol.ts';
import { CliError } from '../errors.ts';

/** What the server sent: output of the machine with the offset of its first byte, or a message. */
export type Frame =
  | { readonly kind: 'output'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'message'; readonly message: ServerMessage };

/** Reads a frame. Throws CliError `bad-answer`; a message of a type that is not known yet is the caller's to skip. */
export function readFrame(data: Uint8Array, isBinary: boolean): Frame {
  try {
    if (isBinary) {
      const r = new ByteReader(data);
      const offset = r.u32be('output.offset') * 2 ** 32 + r.u32be('output.offset');
      return { kind: 'output', offset, bytes: r.rest() };
    }
    const message: unknown = JSON.parse(new TextDecoder().decode(data));
    if (typeof message === 'object' && message !== null && 'type' in message) {
      return { kind: 'message', message: message as ServerMessage };
    }
  } catch (error) {
    throw new CliError('bad-answer', `the server sent what is not understood: ${messageOf(error)}`);
  }
  throw new CliError('bad-answer', 'the server sent a message without a type');
}
