import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { ConsoleError } from '../../../src/console/errors.ts';
import { createThrottle, startPace, takePace } from '../../../src/console/serial/throttle.ts';
import { cases } from '../../support/cases.ts';
import { createVirtualClock, settle } from './virtual-clock.ts';

function fakeLine(bytesPerSecond = 11_520) {
  const clock = createVirtualClock();
  const sent: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  const line = { fails: false, stuck: false, changes: 0 };
  const throttle = createThrottle({
    async send(bytes) {
      if (line.fails) throw new ConsoleError('failed', 'no line');
      if (line.stuck) await new Promise(() => undefined);
      sent.push({ at: clock.now(), bytes: bytes.slice() });
    },
    clock,
    bytesPerSecond,
    changed: () => line.changes++,
  });
  return { clock, sent, line, throttle };
}

it('a key leaves at once, and a paste takes as long as the line needs', async () => {
  const { clock, sent, throttle } = fakeLine();
  await throttle.write(Uint8Array.of(0x1b, 0x5b, 0x41));
  expect(sent).toEqual([{ at: clock.now(), bytes: Uint8Array.of(0x1b, 0x5b, 0x41) }]);
  const start = clock.now();
  let isDone = false;
  const paste = throttle.write(new Uint8Array(11_520)).then(() => (isDone = true));
  await clock.advance(900);
  expect(isDone).toBe(false);
  expect(throttle.waiting()).toBeGreaterThan(0);
  await clock.advance(200);
  await paste;
  expect(throttle.waiting()).toBe(0);
  expect((sent.at(-1)?.at ?? 0) - start).toBeGreaterThanOrEqual(960);
});

it('refuses what is too much whole, and takes more when there is room again', async () => {
  const { clock, throttle, sent } = fakeLine();
  const first = throttle.write(new Uint8Array(65_536).fill(1));
  await expect(throttle.write(Uint8Array.of(2))).rejects.toMatchObject({ code: 'refused' });
  await clock.advance(10_000);
  await first;
  await throttle.write(Uint8Array.of(3));
  const all = Buffer.concat(sent.map(({ bytes }) => bytes));
  expect(all.length).toBe(65_537);
  expect(all.at(-1)).toBe(3);
  await expect(throttle.write(new Uint8Array(65_537))).rejects.toMatchObject({ code: 'refused' });
});

it('the number of small writes that wait is limited too', async () => {
  const { line, throttle } = fakeLine();
  line.stuck = true;
  const writes = Array.from({ length: 2000 }, () => throttle.write(Uint8Array.of(7)));
  const outcomes = Promise.allSettled(writes);
  throttle.drop(new ConsoleError('failed', 'gone'));
  const codes = (await outcomes).map((one) => (one.status === 'rejected' ? one.reason.code : 'done'));
  expect(codes.filter((code) => code === 'failed').length).toBe(1024);
  expect(codes.filter((code) => code === 'refused').length).toBe(976);
});

it('what waits is dropped with a reason and never sent; what comes later is', async () => {
  const { clock, sent, throttle } = fakeLine(1000);
  const outcome = throttle.write(new Uint8Array(500).fill(1)).catch((error: ConsoleError) => error.code);
  await clock.advance(100);
  throttle.drop(new ConsoleError('refused', 'the keyboard went to somebody else'));
  expect(await outcome).toBe('refused');
  expect(throttle.waiting()).toBe(0);
  const before = Buffer.concat(sent.map(({ bytes }) => bytes)).length;
  const later = throttle.write(Uint8Array.of(2));
  await clock.advance(1000);
  await later;
  expect([...Buffer.concat(sent.map(({ bytes }) => bytes)).subarray(before)]).toEqual([2]);
});

it('a line that fails once drops what was to follow', async () => {
  const { line, throttle } = fakeLine();
  line.fails = true;
  const writes = [1, 2, 3].map((byte) =>
    throttle.write(Uint8Array.of(byte)).catch((e: ConsoleError) => e.code),
  );
  expect(await Promise.all(writes)).toEqual(['failed', 'failed', 'failed']);
  line.fails = false;
  await throttle.write(Uint8Array.of(4));
});

it('an act waits for what was written before it', async () => {
  const { clock, sent, throttle } = fakeLine();
  const order: string[] = [];
  const write = throttle.write(new Uint8Array(2000)).then(() => order.push('written'));
  const act = throttle.behind(
    async () => void order.push(`act after ${sent.flatMap(({ bytes }) => [...bytes]).length}`),
  );
  await clock.advance(1000);
  await Promise.all([write, act]);
  expect(order).toEqual(['written', 'act after 2000']);
});

it('a clock that is set back stops nothing for good', async () => {
  const { clock, throttle } = fakeLine();
  const write = throttle.write(new Uint8Array(1000));
  await settle();
  clock.set(clock.now() - 3_600_000);
  await clock.advance(3_600_000 + 1000);
  await write;
  expect(throttle.waiting()).toBe(0);
});

it('property: never more than the burst and the rate in any stretch of time', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 30, max: 200_000 }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: 70_000 })), {
        maxLength: 60,
      }),
      (rate, tries) => {
        let now = 5000;
        let pace = startPace(rate, now);
        const taken: { readonly at: number; readonly bytes: number }[] = [];
        for (const [ms, wanted] of tries) {
          now += ms;
          const one = takePace(pace, now, wanted);
          pace = one.pace;
          expect(one.bytes).toBeLessThanOrEqual(wanted);
          // Somebody who waits as told gets something then.
          if (one.bytes === 0)
            expect(takePace(pace, now + Math.ceil(one.waitMs), wanted).bytes).toBeGreaterThan(0);
          taken.push({ at: now, bytes: one.bytes });
        }
        for (let from = 0; from < taken.length; from++) {
          let sum = 0;
          for (const { at, bytes } of taken.slice(from)) {
            sum += bytes;
            const allowed = pace.burstBytes + ((at - (taken[from]?.at ?? 0)) * rate) / 1000;
            expect(sum).toBeLessThanOrEqual(allowed + 1e-6);
          }
        }
      },
    ),
    { numRuns: cases(5000) },
  );
});

it('property: order and bytes are kept, each write resolves behind its last byte', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.uint8Array({ maxLength: 900 }), fc.nat(300)), { maxLength: 12 }),
      async (writes) => {
        const { clock, sent, throttle } = fakeLine(9600);
        const total = (): number => sent.reduce((sum, { bytes }) => sum + bytes.length, 0);
        let typed = 0;
        const done: Promise<void>[] = [];
        for (const [bytes, ms] of writes) {
          typed += bytes.length;
          const expected = typed;
          // Nothing typed is done when it is typed.
          done.push(
            throttle.write(bytes).then(() => {
              if (bytes.length > 0) expect(total()).toBeGreaterThanOrEqual(expected);
            }),
          );
          await clock.advance(ms);
        }
        await clock.advance(20_000);
        await Promise.all(done);
        const all = Buffer.concat(writes.map(([bytes]) => bytes));
        expect(Buffer.concat(sent.map(({ bytes }) => bytes)).equals(all)).toBe(true);
        expect(throttle.waiting()).toBe(0);
      },
    ),
    { numRuns: cases(500) },
  );
});
