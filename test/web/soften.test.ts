import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSoftener } from '../../web/state/soften.ts';
import { cases } from '../support/cases.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const soften = (...pieces: readonly string[]): string => {
  const softener = createSoftener();
  return pieces.map((piece) => Buffer.from(softener(bytes(piece))).toString('latin1')).join('');
};

describe('a full reset in the output', () => {
  it('empties the screen without the reset that forgets what scrolled away', () => {
    const softened = soften('before\x1bcafter');
    expect(softened).toMatch(/^before.*\[2J.*after$/s);
    expect(softened).not.toContain('\x1bc');
  });

  it('is found across pieces, and nothing else is touched', () => {
    expect(soften('a\x1b', 'cb')).toBe(soften('a\x1bcb'));
    expect(soften('a\x1b', '', 'cb')).toBe(soften('a\x1bcb'));
    expect(soften('\x1b[c \x1b', '[0m \x1b\x1b[A c')).toBe('\x1b[c \x1b[0m \x1b\x1b[A c');
  });

  it('comes out the same however the output is cut', () => {
    const piece = fc
      .array(fc.constantFrom('\x1b', 'c', '[', 'x'), { maxLength: 6 })
      .map((all) => all.join(''));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        expect(soften(...pieces)).toBe(soften(pieces.join('')));
      }),
      { numRuns: cases(2000) },
    );
  });
});
