/** A line of a record as text, and the offset of its first byte. */
export interface Line {
  readonly offset: number;
  /** Without escape sequences and control characters. */
  readonly text: string;
  /** It ended with a carriage return alone: the next one was printed over it. */
  readonly isOverwritten: boolean;
}

/** Longer ones are cut: nobody reads them, and a program that prints no line ends must not cost memory. */
export const maxLineBytes = 4096;

type Place = 'text' | 'escape' | 'charset' | 'csi' | 'string' | 'string-escape';

const bell = 0x07;
const backspace = 0x08;
const tab = 0x09;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const escape = 0x1b;

/** Last bytes of `ESC [` that set the cursor into another line, or clear the screen: A, B, E, F, H, J, d, f. ECMA-48 §8.3 */
const leavesLine: ReadonlySet<number> = new Set([0x41, 0x42, 0x45, 0x46, 0x48, 0x4a, 0x64, 0x66]);

/**
 * Cuts output into lines: at line ends, at carriage returns that print over a line, and where a program sets the cursor somewhere
 * else (firmware menus have no line ends). Text is UTF-8; other bytes become replacement characters. Escape sequences: ECMA-48 §5.
 */
export function linesOf(bytes: Uint8Array, offset: number): readonly Line[] {
  const lines: Line[] = [];
  const kept = Buffer.alloc(maxLineBytes);
  let length = 0;
  let start = 0;
  let place: Place = 'text';
  let hasReturned = false;
  let isAscii = true;

  function end(next: number, isOverwritten: boolean): void {
    const text = isAscii ? kept.toString('latin1', 0, length) : textOf(kept.subarray(0, length));
    lines.push({ offset: offset + start, text, isOverwritten });
    isAscii = true;
    length = 0;
    start = next;
    hasReturned = false;
  }

  /** A byte outside of escape sequences. */
  function plain(byte: number, at: number): void {
    if (byte === lineFeed) return end(at + 1, false);
    if (byte === carriageReturn) {
      hasReturned = length > 0;
      return;
    }
    if (byte === escape) {
      place = 'escape';
      return;
    }
    if (hasReturned) end(at, true);
    if (byte === backspace) length = Math.max(0, length - 1);
    else if (byte === tab) kept[length++] = 0x20;
    else if (byte >= 0x20 && byte !== 0x7f) {
      kept[length++] = byte;
      if (byte > 0x7f) isAscii = false;
    }
    if (length === maxLineBytes) end(at + 1, false);
  }

  /** Inside of `ESC [`; the last byte says what it does. */
  function control(byte: number, at: number): void {
    if (byte >= 0x20 && byte < 0x40) return;
    place = 'text';
    if (byte < 0x20 || byte > 0x7e) return plain(byte, at);
    if (leavesLine.has(byte) && length > 0) end(at + 1, false);
  }

  function escaped(byte: number, at: number): void {
    if (byte === 0x5b) place = 'csi';
    else if (byte === 0x5d || byte === 0x50 || byte === 0x58 || byte === 0x5e || byte === 0x5f)
      place = 'string';
    else if (byte >= 0x20 && byte < 0x30) place = 'charset';
    else {
      place = 'text';
      if (byte < 0x20 || byte > 0x7e) plain(byte, at);
    }
  }

  /** Inside of a title or the like, which a bell or `ESC \\` ends. */
  function string(byte: number, at: number): void {
    if (byte === bell || (place === 'string-escape' && byte === 0x5c)) place = 'text';
    else if (byte === escape) place = 'string-escape';
    // It has no line ends: the machine was reset in the middle of it.
    else if (byte === lineFeed || byte === carriageReturn) {
      place = 'text';
      plain(byte, at);
    } else place = 'string';
  }

  function charset(byte: number, at: number): void {
    if (byte >= 0x20 && byte < 0x30) return;
    place = 'text';
    if (byte < 0x20) plain(byte, at);
  }

  const steps = { text: plain, escape: escaped, csi: control, charset, string, 'string-escape': string };
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    // Most bytes are letters; a search looks at millions of them.
    if (place === 'text' && byte >= 0x20 && byte < 0x7f && !hasReturned && length < maxLineBytes - 1)
      kept[length++] = byte;
    else steps[place](byte, at);
  }
  if (start < bytes.length) end(bytes.length, false);
  return lines;
}

const decoder = new TextDecoder();

/** Format characters go too: they would turn the line around where it is shown. So do separators of lines that no terminal knows. */
function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '');
}
