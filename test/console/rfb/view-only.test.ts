import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/base/bytes.ts';
import { ConsoleError } from '../../../src/console/errors.ts';
import { createViewOnlyFilter } from '../../../src/console/rfb/view-only.ts';
import { readClientMessageHead } from '../../../src/console/rfb/wire/client-messages.ts';
import { encodeSetEncodings, isDrawingOnly } from '../../../src/console/rfb/wire/encodings.ts';
import { cases } from '../../support/cases.ts';
import { u16s, u32 } from './fake-server.ts';

const body = (length: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes));
const behind = (head: readonly number[], length: number): fc.Arbitrary<Buffer> =>
  body(length).map((bytes) => Buffer.concat([Buffer.from(head), bytes]));

const looks = fc.oneof(
  behind([0], 19),
  behind([3], 9),
  behind([150], 9),
  fc
    .uint8Array({ maxLength: 64 })
    .map((payload) =>
      Buffer.concat([Buffer.from([248, 0, 0, 0]), u32(0), Buffer.from([payload.length]), payload]),
    ),
);
const acts = fc.oneof(
  behind([4], 7),
  behind([5], 5),
  behind([250], 3),
  behind([255, 0], 10),
  behind([255, 1, 0, 1], 0),
  behind([255, 1, 0, 2], 6),
  fc.nat(3).chain((screens) => behind([251, 0, 4, 0, 3, 0, screens, 0], 16 * screens)),
  fc
    .tuple(fc.boolean(), fc.uint8Array({ maxLength: 200 }))
    .map(([isExtended, text]) =>
      Buffer.concat([Buffer.from([6, 0, 0, 0]), u32((isExtended ? -text.length : text.length) >>> 0), text]),
    ),
);
const lists = fc.array(fc.integer({ min: -800, max: 60 }), { maxLength: 30 });

interface Said {
  readonly sent: Buffer;
  readonly expected: Buffer;
}
const messages: fc.Arbitrary<Said> = fc.oneof(
  looks.map((bytes) => ({ sent: bytes, expected: bytes })),
  acts.map((bytes) => ({ sent: bytes, expected: Buffer.alloc(0) })),
  lists.map((list) => ({
    sent: Buffer.from(encodeSetEncodings(list)),
    expected: Buffer.from(encodeSetEncodings(list.filter(isDrawingOnly))),
  })),
);

/** Cuts bytes in pieces of these sizes, again and again. */
function pieces(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const cut: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const size = sizes[i % sizes.length]!;
    cut.push(bytes.subarray(at, at + size));
    at += size;
  }
  return cut;
}

const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 10 });

describe('a view-only viewer', () => {
  it('may look and nothing else, however its bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(messages, { maxLength: 12 }), sizes, (said, cut) => {
        const pass = createViewOnlyFilter();
        const got = pieces(Buffer.concat(said.map(({ sent }) => sent)), cut).map((piece) => pass(piece));
        expect(toHex(Buffer.concat(got))).toBe(toHex(Buffer.concat(said.map(({ expected }) => expected))));
      }),
      { numRuns: cases(20_000) },
    );
  });

  it('sends the server nothing but whole messages of looking, whatever the bytes', () => {
    const types = fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 150, 248, 250, 251, 255);
    const garbage = fc
      .array(fc.oneof(types, fc.constant(0), fc.nat(255)), { maxLength: 120 })
      .map((bytes) => Buffer.from(bytes));
    const mixed = fc
      .array(
        fc.oneof(
          messages.map(({ sent }) => sent),
          garbage,
        ),
        { maxLength: 6 },
      )
      .map((all) => Buffer.concat(all));
    fc.assert(
      fc.property(mixed, sizes, (bytes, cut) => {
        const pass = createViewOnlyFilter();
        const got: Uint8Array[] = [];
        try {
          for (const piece of pieces(bytes, cut)) got.push(pass(piece));
        } catch (error) {
          expect(error).toBeInstanceOf(ConsoleError);
        }
        for (let rest = Buffer.concat(got); rest.length > 0; ) {
          const head = readClientMessageHead(rest);
          // Only the last one may be cut.
          if (head === 'more') break;
          expect(head).toHaveProperty('name');
          if (head === 'unknown') return;
          expect(['KeyEvent', 'PointerEvent', 'ClientCutText', 'Xvp', 'SetDesktopSize']).not.toContain(
            head.name,
          );
          expect(head.name).not.toMatch(/^Qemu/);
          rest = rest.subarray(head.length);
        }
      }),
      { numRuns: cases(20_000) },
    );
  });

  it('is sent away with a message that is not known, or too many encodings', () => {
    const pass = createViewOnlyFilter();
    expect(() => pass(Uint8Array.of(253, 0, 0, 0))).toThrow(/message of type 253.*view-only/);
    expect(() => createViewOnlyFilter()(Uint8Array.of(255, 9))).toThrow(/type 255\.9/);
    expect(() => createViewOnlyFilter()(Buffer.concat([Buffer.from([2, 0]), u16s(1025)]))).toThrow(
      ConsoleError,
    );
  });
});
