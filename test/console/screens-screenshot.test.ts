import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { ConsoleError } from '../../src/console/errors.ts';
import { takeScreenshot } from '../../src/console/screens.ts';
import type { Screenshot } from '../../src/console/service.ts';
import { cases } from '../support/cases.ts';
import {
  type FakeServer,
  type FakeServerOptions,
  handClock,
  makePair,
  playServer,
  serverInit,
  u16s,
  u32,
} from './rfb/fake-server.ts';
import { readPng } from './rfb/read-png.ts';
import { updateRequest } from './rfb/viewer.ts';

const encodings = { raw: 0, copyRect: 1, desktopSize: -223 };

/** A rectangle of an update. RFC 6143 §7.6.1 */
function rectangle(
  x: number,
  y: number,
  w: number,
  h: number,
  encoding: number,
  body: Uint8Array = Buffer.alloc(0),
): Buffer {
  return Buffer.concat([u16s(x, y, w, h), u32(encoding >>> 0), body]);
}

function update(...rectangles: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from([0, 0]), u16s(rectangles.length), ...rectangles]);
}

/** Colours (0xrrggbb) as the asked-for pixel format has them: little-endian, red at bit 16. */
function pixels(...colours: readonly number[]): Buffer {
  return Buffer.concat(
    colours.map((colour) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(colour);
      // Unused bits may be anything.
      bytes[3] = 0xee;
      return bytes;
    }),
  );
}

/** SetPixelFormat, SetEncodings, and a request for the whole screen. */
const setUp = 20 + 4 + 3 * 4;

/** Runs a screenshot against a server that has greeted and heard what is asked. */
async function shoot(
  options: FakeServerOptions,
  play: (server: FakeServer) => Promise<void>,
): Promise<Screenshot> {
  const { ours, end } = makePair();
  const shot = takeScreenshot({ stream: ours, password: undefined }, { clock: systemClock });
  shot.catch(() => undefined);
  const server = await playServer(end, options);
  await server.take(setUp);
  const { width = 4, height = 3 } = options;
  expect(await server.take(10)).toEqual(updateRequest(width, height, false));
  await play(server);
  const answer = await shot;
  expect(ours.destroyed).toBe(true);
  return answer;
}

/** Pixels of a screenshot as colours, by rows. */
function coloursOf({ png, width, height }: Screenshot): number[][] {
  const { rgb, ...size } = readPng(png);
  expect(size).toEqual({ width, height });
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => rgb.readUIntBE((y * width + x) * 3, 3)),
  );
}

const [red, green, blue, grey] = [0xff0000, 0x00ff00, 0x0000ff, 0x808182];

describe('a screenshot', () => {
  it('has the colours where they were drawn, from several rectangles', async () => {
    const shot = await shoot({ width: 3, height: 2 }, async ({ end }) => {
      end.write(
        update(
          rectangle(0, 0, 2, 2, encodings.raw, pixels(red, green, blue, grey)),
          rectangle(2, 0, 1, 2, encodings.raw, pixels(grey, red)),
        ),
      );
    });
    expect(coloursOf(shot)).toEqual([
      [red, green, grey],
      [blue, grey, red],
    ]);
  });

  it('follows copies that overlap, in each direction', async () => {
    const rows = (...colours: readonly number[]): Buffer => pixels(...colours.flatMap((c) => [c, c]));
    const copied = async (fromY: number, toY: number): Promise<number[][]> =>
      coloursOf(
        await shoot({ width: 2, height: 4 }, async ({ end }) => {
          end.write(
            update(
              rectangle(0, 0, 2, 4, encodings.raw, rows(red, green, blue, grey)),
              rectangle(0, toY, 2, 3, encodings.copyRect, u16s(0, fromY)),
            ),
          );
        }),
      );
    expect((await copied(0, 1)).map(([first]) => first)).toEqual([red, red, green, blue]);
    expect((await copied(1, 0)).map(([first]) => first)).toEqual([green, blue, grey, grey]);
    const sideways = await shoot({ width: 3, height: 1 }, async ({ end }) => {
      end.write(
        update(
          rectangle(0, 0, 3, 1, encodings.raw, pixels(red, green, blue)),
          rectangle(1, 0, 2, 1, encodings.copyRect, u16s(0, 0)),
        ),
      );
    });
    expect(coloursOf(sideways)).toEqual([[red, red, green]]);
  });

  it('begins again when the screen changes its size, also in the middle', async () => {
    const shot = await shoot({ width: 2, height: 2 }, async ({ end, take }) => {
      end.write(
        update(
          rectangle(0, 0, 2, 1, encodings.raw, pixels(red, red)),
          rectangle(0, 0, 3, 1, encodings.desktopSize),
        ),
      );
      expect(await take(10)).toEqual(updateRequest(3, 1, false));
      end.write(update(rectangle(0, 0, 3, 1, encodings.raw, pixels(green, blue, grey))));
    });
    expect(coloursOf(shot)).toEqual([[green, blue, grey]]);
  });

  it('asks again when a part is missing', async () => {
    const shot = await shoot({ width: 2, height: 1 }, async ({ end, take }) => {
      end.write(update(rectangle(0, 0, 1, 1, encodings.raw, pixels(red))));
      expect(await take(10)).toEqual(updateRequest(2, 1, false));
      end.write(update(rectangle(0, 0, 2, 1, encodings.raw, pixels(green, blue))));
    });
    expect(coloursOf(shot)).toEqual([[green, blue]]);
  });

  it('skips colour maps, bells and clipboards', async () => {
    const shot = await shoot({ width: 1, height: 1 }, async ({ end }) => {
      end.write(Buffer.concat([Buffer.from([1, 0]), u16s(0, 2), Buffer.alloc(12, 0xff)]));
      end.write(Buffer.from([2]));
      end.write(Buffer.concat([Buffer.from([3, 0, 0, 0]), u32(200_000), Buffer.alloc(200_000, 0x41)]));
      end.write(update(rectangle(0, 0, 1, 1, encodings.raw, pixels(blue))));
    });
    expect(coloursOf(shot)).toEqual([[blue]]);
  });

  it('is drawn whatever pieces a large screen comes in', async () => {
    const [width, height] = [1280, 800];
    const shot = await shoot({ width, height }, async ({ end }) => {
      const body = Buffer.alloc(width * height * 4);
      for (let i = 0; i < width * height; i += 1) body.writeUInt32LE((i * 2_654_435_761) % 0x1000000, i * 4);
      end.write(update(rectangle(0, 0, width, height, encodings.raw, body)));
    });
    const { rgb } = readPng(shot.png);
    for (let i = 0; i < width * height; i += 991)
      expect(rgb.readUIntBE(i * 3, 3)).toBe((i * 2_654_435_761) % 0x1000000);
  });
});

describe('no screenshot', () => {
  const outcome = async (options: FakeServerOptions, said: Buffer): Promise<unknown> => {
    const { ours, end } = makePair();
    const shot = takeScreenshot({ stream: ours, password: undefined }, { clock: systemClock });
    const server = await playServer(end, options);
    server.end.on('error', () => undefined);
    server.end.end(said);
    const error: unknown = await shot.then(
      () => undefined,
      (fault: unknown) => fault,
    );
    expect(error).toBeInstanceOf(ConsoleError);
    expect(ours.destroyed).toBe(true);
    return error;
  };
  const size = (width: number, height: number): Buffer =>
    update(rectangle(0, 0, width, height, encodings.desktopSize));

  it.each([
    [
      'of a screen that is too wide',
      { width: 8193, height: 1 },
      Buffer.alloc(0),
      /8193 x 1 pixels; at most 8192/,
    ],
    [
      'of a screen with too many pixels, whose sides are not too long',
      { width: 8192, height: 2049 },
      Buffer.alloc(0),
      /8192 x 2049 pixels; at most 8192 a side and 16777216 altogether/,
    ],
    ['of a screen that becomes too high', {}, size(1, 65535), /1 x 65535 pixels/],
    ['of a screen without size', { width: 0 }, Buffer.alloc(0), /has no size/],
    ['from outside of the screen', {}, update(rectangle(2, 0, 3, 1, 0)), /draws outside/],
    ['copied from outside', {}, update(rectangle(0, 0, 2, 1, 1, u16s(3, 0))), /draws outside/],
    ['in another encoding', {}, update(rectangle(0, 0, 1, 1, 5)), /5 was not asked for/],
    ['behind a message that is not known', {}, Buffer.from([248]), /248 was not asked for/],
    ['of half an update', {}, update(rectangle(0, 0, 4, 3, 0, pixels(red))), /closed the connection/],
    [
      'of a screen that changes its size for ever',
      {},
      update(...Array.from({ length: 17 }, (_, i) => rectangle(0, 0, 1 + i, 1, -223))),
      /does not come to an end/,
    ],
    [
      'of empty updates',
      {},
      Buffer.concat(Array.from({ length: 64 }, () => update())),
      /does not come to an end/,
    ],
    [
      'of copies for ever',
      { width: 4096, height: 4096 },
      update(
        ...Array.from({ length: 4 }, () => rectangle(0, 0, 4095, 4096, 1, u16s(0, 0))),
        rectangle(0, 0, 4096, 4096, 1, u16s(0, 0)),
      ),
      /does not come to an end/,
    ],
  ] as const)('%s', async (_, options, said, text) => {
    expect(await outcome(options, said)).toMatchObject({ code: 'failed', message: text });
  });

  it('from a server that is silent, after the time limit', async () => {
    const clock = handClock();
    const { ours, end } = makePair();
    const shot = takeScreenshot({ stream: ours, password: undefined }, { clock, timeoutMs: 4000 });
    const server = await playServer(end);
    await server.take(setUp);
    clock.advance(4000);
    await expect(shot).rejects.toMatchObject({ code: 'failed', message: /within 4 s/ });
    expect(ours.destroyed).toBe(true);
  });

  it('or one: from a server that says anything', async () => {
    const greeting = Buffer.concat([Buffer.from('RFB 003.008\n\u0001\u0001'), u32(0), serverInit(2, 2, 'x')]);
    const whole = update(rectangle(0, 0, 2, 2, 0, pixels(red, green, blue, grey)));
    const small = fc.nat(3);
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
      fc.constant(whole),
      fc
        .tuple(small, small, small, small, fc.constantFrom(0, 1, -223, 7), fc.uint8Array({ maxLength: 40 }))
        .map(([x, y, w, h, encoding, body]) => update(rectangle(x, y, w, h, encoding, body))),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (said) => {
        const { ours, end } = makePair();
        end.resume();
        end.end(Buffer.concat([greeting, ...said]));
        try {
          const shot = await takeScreenshot({ stream: ours, password: undefined }, { clock: systemClock });
          expect(readPng(shot.png)).toMatchObject({ width: shot.width, height: shot.height });
        } catch (error) {
          expect(error).toBeInstanceOf(ConsoleError);
        }
        expect(ours.destroyed).toBe(true);
      }),
      { numRuns: cases(2000) },
    );
  });
});
