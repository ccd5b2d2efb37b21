import { describe, expect, it } from 'vitest';
import {
  bytesOfBinary,
  bytesOfText,
  isReport,
  keyboardChanged,
  nextFrame,
  nothingTyped,
  queued,
  type Typing,
  typeInto,
} from '../../web/state/typing.ts';

const text = (pieces: readonly Uint8Array[]): string => Buffer.concat(pieces).toString();
const a = bytesOfText('a');
const b = bytesOfText('b');

/** Frames that leave while the server has room. */
function drain(typing: Typing): readonly Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let next = nextFrame(typing, 0); next.frame !== undefined; next = nextFrame(next.typing, 0)) {
    frames.push(next.frame);
  }
  return frames;
}

describe('typing', () => {
  it('goes to the machine when the keyboard is ours', () => {
    const step = typeInto(nothingTyped, 'mine', a);
    expect(step).toMatchObject({ ask: false, refused: false });
    expect(text(drain(step.typing))).toBe('a');
  });

  it('asks for a keyboard that nobody has, once, and what was typed follows in order', () => {
    const first = typeInto(nothingTyped, 'free', a);
    expect(first).toMatchObject({ ask: true, refused: false });
    expect(drain(first.typing)).toEqual([]);
    const second = typeInto(first.typing, 'free', b);
    expect(second.ask).toBe(false);
    expect(text(drain(keyboardChanged(second.typing, 'mine').typing))).toBe('ab');
    expect(text(drain(typeInto(second.typing, 'mine', bytesOfText('c')).typing))).toBe('abc');
  });

  it('drops what was typed when somebody else got the keyboard, and says so', () => {
    const { typing } = typeInto(nothingTyped, 'free', a);
    expect(keyboardChanged(typing, 'other')).toMatchObject({ typing: nothingTyped, refused: true });
    expect(keyboardChanged(nothingTyped, 'other').refused).toBe(false);
    expect(typeInto(nothingTyped, 'other', a)).toMatchObject({ ask: false, refused: true });
    expect(typeInto(nothingTyped, 'view-only', a)).toMatchObject({ ask: false, refused: true });
    const pasted = typeInto(nothingTyped, 'mine', new Uint8Array(9000)).typing;
    expect(keyboardChanged(pasted, 'cut-off')).toMatchObject({ typing: nothingTyped, refused: true });
    expect(keyboardChanged(pasted, 'free')).toMatchObject({ typing: nothingTyped, refused: true });
  });

  it('holds no more than a person types meanwhile', () => {
    const { typing } = typeInto(nothingTyped, 'free', a);
    const paste = typeInto(typing, 'free', new Uint8Array(5000));
    expect(paste.refused).toBe(true);
    expect(queued(paste.typing)).toBe(1);
  });

  it('cuts a paste into frames without losing a byte, and puts small ones together', () => {
    const paste = Uint8Array.from({ length: 10_000 }, (_, at) => at & 0xff);
    const typed = typeInto(typeInto(nothingTyped, 'mine', paste).typing, 'mine', a).typing;
    const frames = drain(typed);
    expect(frames.map(({ length }) => length)).toEqual([4096, 4096, 1809]);
    expect(Buffer.concat(frames)).toEqual(Buffer.concat([paste, a]));
  });

  it('waits while the server has no room', () => {
    const { typing } = typeInto(nothingTyped, 'mine', a);
    expect(nextFrame(typing, 16_384)).toEqual({ typing, frame: undefined });
    expect(nextFrame(typing, 16_383).frame).toEqual(a);
  });

  it("knows a terminal's own reports from keys", () => {
    expect(['\x1b[I', '\x1b[O', '\x1b[<0;1;1M', '\x1b[M !!'].map(isReport)).toEqual([true, true, true, true]);
    expect(['\x1b[A', '\x1bOP', 'I', '\x1b'].map(isReport)).toEqual([false, false, false, false]);
  });

  it('sends text as UTF-8 and binary as it is', () => {
    expect(bytesOfText('ä')).toEqual(new Uint8Array([0xc3, 0xa4]));
    expect(bytesOfBinary('\x1b\xe4')).toEqual(new Uint8Array([0x1b, 0xe4]));
  });
});
