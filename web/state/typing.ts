import type { Keyboard } from './model.ts';

/** What was typed and did not leave this page: `held` until the keyboard is ours, `queue` until the line has room. */
export interface Typing {
  readonly held: readonly Uint8Array[];
  readonly queue: readonly Uint8Array[];
}

export const nothingTyped: Typing = { held: [], queue: [] };

export interface TypingStep {
  readonly typing: Typing;
  /** Asks for the keyboard. */
  readonly ask: boolean;
  /** Something was dropped: somebody else has the keyboard, or nobody may type. */
  readonly refused: boolean;
}

/** More is not held while the server answers: it would be typed long after. */
const mostHeld = 4096;
/** One WebSocket frame of typed bytes. */
const frameBytes = 4096;
/** The server lets 64 KiB wait for a line, and tells a little late how much does. */
const mostWaiting = 16_384;
/** Pause between two frames of a paste, ms: faster than a line of 115200 baud, slow enough to hear how it gets on. */
export const drainMs = 250;

const lengthOf = (pieces: readonly Uint8Array[]): number =>
  pieces.reduce((sum, piece) => sum + piece.length, 0);

/** Bytes that wait in this page. */
export const queued = ({ held, queue }: Typing): number => lengthOf(held) + lengthOf(queue);

/** Typing when nobody has the keyboard asks for it, and the characters follow when it is ours. */
export function typeInto(typing: Typing, keyboard: Keyboard, bytes: Uint8Array): TypingStep {
  if (keyboard === 'mine') {
    // What was held goes first, also when nobody told yet that the keyboard is ours.
    const queue = [...typing.queue, ...typing.held, bytes];
    return { typing: { held: [], queue }, ask: false, refused: false };
  }
  if (keyboard !== 'free') return { typing: nothingTyped, ask: false, refused: true };
  const held = [...typing.held, bytes];
  const full = lengthOf(held) > mostHeld;
  return {
    typing: full ? typing : { ...typing, held },
    ask: typing.held.length === 0,
    refused: full,
  };
}

/** What was held may go when the keyboard is ours; all is dropped when somebody else got it. */
export function keyboardChanged(typing: Typing, keyboard: Keyboard): TypingStep {
  if (keyboard === 'free' && typing.queue.length === 0) return { typing, ask: false, refused: false };
  if (keyboard === 'mine') {
    const queue = [...typing.queue, ...typing.held];
    return { typing: { held: [], queue }, ask: false, refused: false };
  }
  return { typing: nothingTyped, ask: false, refused: queued(typing) > 0 };
}

/** The next frame to send while `waiting` bytes wait at the server; undefined when there is none, or no room. */
export function nextFrame(
  typing: Typing,
  waiting: number,
): { readonly typing: Typing; readonly frame: Uint8Array | undefined } {
  const size = Math.min(frameBytes, lengthOf(typing.queue));
  if (size === 0 || waiting >= mostWaiting) return { typing, frame: undefined };
  const frame = new Uint8Array(size);
  const queue: Uint8Array[] = [];
  let filled = 0;
  for (const piece of typing.queue) {
    const part = piece.subarray(0, size - filled);
    frame.set(part, filled);
    filled += part.length;
    if (part.length < piece.length) queue.push(piece.subarray(part.length));
  }
  return { typing: { ...typing, queue }, frame };
}

// oxlint-disable-next-line no-control-regex -- they begin with a control character
const report = /^\x1b\[(?:[IO]$|<|M)/;

/** True for what a terminal says by itself: that it has the focus, where the mouse is. That asks for no keyboard. */
export function isReport(text: string): boolean {
  return report.test(text);
}

/** UTF-8 of typed text. */
const encoder = new TextEncoder();
export const bytesOfText = (text: string): Uint8Array => encoder.encode(text);

/** Bytes of a binary text: a character each. */
export const bytesOfBinary = (text: string): Uint8Array =>
  Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff);
