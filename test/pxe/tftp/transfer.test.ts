import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  beginTransfer,
  step,
  type Transfer,
  type TransferEffect,
  type TransferEvent,
} from '../../../src/pxe/tftp/transfer.ts';
import { negotiate } from '../../../src/pxe/tftp/negotiate.ts';
import type { TftpOption } from '../../../src/pxe/tftp/wire/packet.ts';
import { cases } from '../../support/cases.ts';
import { pattern } from '../../support/tftp-peer.ts';
import { simulate } from '../../support/tftp-simulation.ts';

const limits = { maxBlockSize: 1468, maxWindowSize: 32 };
const begin = (content: Uint8Array, options: readonly TftpOption[] = []) =>
  beginTransfer(content, negotiate(options, content.length, limits), 0);
const optionArbitrary: fc.Arbitrary<readonly TftpOption[]> = fc.uniqueArray(
  fc.oneof(
    fc.record({ name: fc.constant('blksize'), value: fc.integer({ min: 8, max: 64 }).map(String) }),
    fc.record({ name: fc.constant('windowsize'), value: fc.integer({ min: 1, max: 16 }).map(String) }),
    fc.record({ name: fc.constant('tsize'), value: fc.constant('0') }),
    fc.record({ name: fc.constant('timeout'), value: fc.integer({ min: 1, max: 9 }).map(String) }),
  ),
  { selector: (o) => o.name, maxLength: 4 },
);

it('delivers every file whole over a channel that loses, repeats and reorders', () => {
  let runs = 0;
  let failures = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1500 }),
      optionArbitrary,
      fc.record({
        seed: fc.integer(),
        loss: fc.double({ min: 0, max: 0.15, noNaN: true }),
        duplicate: fc.double({ min: 0, max: 0.3, noNaN: true }),
        jitterMs: fc.integer({ min: 0, max: 40 }),
      }),
      (size, options, channel) => {
        const result = simulate(pattern(size), options, channel);
        // Four losses in a row are possible; then it must say so instead of hanging or lying.
        runs += 1;
        const { kind } = result.outcome;
        if (kind === 'failed') failures += 1;
        const whole = Buffer.compare(result.received, pattern(size)) === 0;
        expect((kind === 'done' && whole) || (kind === 'failed' && result.lost > 3)).toBe(true);
      },
    ),
    { numRuns: cases(5_000) },
  );
  expect(failures / runs).toBeLessThan(0.02);
}, 120_000);

it('sends each block once over a channel that repeats every packet (no Sorcerer’s Apprentice)', () => {
  const result = simulate(pattern(512 * 40), [], { seed: 1, loss: 0, duplicate: 1, jitterMs: 0 });
  expect(result.outcome).toEqual({ kind: 'done' });
  expect(result.dataSent).toBe(41);
});

it('keeps its invariants under any events', () => {
  const event: fc.Arbitrary<TransferEvent> = fc.oneof(
    fc.record({
      kind: fc.constant('packet' as const),
      now: fc.integer({ min: 0, max: 100_000 }),
      packet: fc.oneof(
        fc.record({
          kind: fc.constant('ack' as const),
          block: fc.oneof(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 0xffff })),
        }),
        fc.record({
          kind: fc.constant('error' as const),
          code: fc.nat(9),
          message: fc.string({ maxLength: 4 }),
        }),
        fc.constant({ kind: 'data' as const, block: 1, data: new Uint8Array(3) }),
        fc.constant({ kind: 'oack' as const, options: [] }),
      ),
    }),
    fc.constant({ kind: 'timeout' as const }),
    fc.constant({ kind: 'asked-again' as const }),
  );
  fc.assert(
    fc.property(fc.nat(100), optionArbitrary, fc.array(event, { maxLength: 12 }), (size, options, events) => {
      let [state]: readonly [Transfer, readonly TransferEffect[]] = begin(pattern(size), options);
      let ends = 0;
      let ended = false;
      for (const e of events) {
        const before = state;
        const [after, effects] = step(state, e);
        state = after;
        expect(after.acked).toBeGreaterThanOrEqual(before.acked);
        expect(after.sent).toBeGreaterThanOrEqual(after.acked);
        expect(after.sent).toBeLessThanOrEqual(after.plan.lastBlock);
        for (const x of effects) {
          if (x.kind !== 'send-data') continue;
          expect(x.first).toBe(after.acked + 1);
          expect(x.last - x.first).toBeLessThan(after.plan.windowSize);
        }
        ends += effects.filter((x) => x.kind === 'end').length;
        expect(before.phase === 'ended' && effects.length > 0).toBe(false);
        if (before.phase !== 'ended') ended = effects.some((x) => x.kind === 'end');
        expect(ended).toBe(after.phase === 'ended');
      }
      expect(ends).toBe(state.phase === 'ended' ? 1 : 0);
    }),
    { numRuns: cases(100_000) },
  );
}, 120_000);

const ack = (block: number, now = 0): TransferEvent => ({
  kind: 'packet',
  packet: { kind: 'ack', block },
  now,
});

function run(start: readonly [Transfer, readonly TransferEffect[]], events: readonly TransferEvent[]) {
  let [state, effects] = start;
  for (const e of events) [state, effects] = step(state, e);
  return { state, effects };
}

const timeouts = (n: number): TransferEvent[] => Array.from({ length: n }, () => ({ kind: 'timeout' }));

it('waits 1, 2, 4, 8 s and then says what silence usually means', () => {
  const start = begin(pattern(2000));
  const waits = [0, 1, 2, 3].map((n) => run(start, timeouts(n)).effects.find((e) => e.kind === 'wait')?.ms);
  expect(waits).toEqual([1000, 2000, 4000, 8000]);
  expect(run(start, timeouts(4)).effects).toEqual([
    {
      kind: 'end',
      outcome: {
        kind: 'failed',
        reason:
          'client stopped acknowledging after block 0: a firewall that blocks high UDP ports is the usual cause',
      },
    },
  ]);
  expect(run(start, [ack(1, 0), ...timeouts(9)]).state.phase).toBe('sending');
  const stoppedInTheMiddle = run(start, [ack(1, 0), ...timeouts(10)]).effects;
  expect(stoppedInTheMiddle).toMatchObject([
    { outcome: { reason: expect.stringMatching(/after block 1 of 4/) as unknown } },
  ]);
});

it('blames the path when the option answer arrived and the first large packet did not', () => {
  const start = begin(pattern(5000), [{ name: 'blksize', value: '1468' }]);
  const { effects } = run(start, [ack(0, 5), ...timeouts(10)]);
  expect(effects).toMatchObject([
    { outcome: { kind: 'failed', reason: expect.stringMatching(/1500 bytes.*MTU/) as unknown } },
  ]);
});

it('repeats early once it knows the round trip, and the client’s own timeout when it asked for one', () => {
  const quick = run(begin(pattern(2000)), [ack(1, 3)]);
  expect(quick.effects.find((e) => e.kind === 'wait')).toEqual({ kind: 'wait', ms: 50 });
  const slow = run(begin(pattern(2000)), [ack(1, 400)]);
  expect(slow.effects.find((e) => e.kind === 'wait')).toEqual({ kind: 'wait', ms: 1000 });
  const own = run(begin(pattern(2000), [{ name: 'timeout', value: '6' }]), [ack(0, 1), ack(1, 2)]);
  expect(own.effects.find((e) => e.kind === 'wait')).toEqual({ kind: 'wait', ms: 6000 });
});

it('keeps a longer wait until a packet that was sent once is answered', () => {
  const waitOf = (events: readonly TransferEvent[]) =>
    run(begin(pattern(9000)), events).effects.find((e) => e.kind === 'wait')?.ms;
  const lost = [ack(1, 1), { kind: 'timeout' }, { kind: 'timeout' }] as const;
  expect(waitOf(lost)).toBe(200);
  expect(waitOf([...lost, ack(2, 400)])).toBe(200);
  expect(waitOf([...lost, ack(2, 400), ack(3, 401)])).toBe(50);
});

it('counts what it sends once more', () => {
  const windowed = begin(pattern(9000), [{ name: 'windowsize', value: '4' }]);
  expect(run(windowed, [ack(0), ack(4)]).state.retransmits).toBe(0);
  expect(run(windowed, [ack(0), ack(1)]).state.retransmits).toBe(3);
  expect(run(windowed, [ack(0), { kind: 'timeout' }]).state.retransmits).toBe(4);
});

it('believes no duplicate ACK of the window after one that it repeated in vain', () => {
  const windowed = begin(pattern(9000), [{ name: 'windowsize', value: '4' }]);
  const repeated = [ack(0), ack(4), { kind: 'timeout' }, ack(8)] as const;
  expect(run(windowed, [...repeated, ack(8)]).effects).toEqual([]);
  expect(run(windowed, [...repeated, ack(12), ack(12)]).effects).toMatchObject([{ first: 13, last: 16 }]);
});

it('sends little more than was lost when every ACK of a window comes twice', () => {
  const channel = { seed: 1, loss: 0, duplicate: 1, jitterMs: 0 };
  const result = simulate(pattern(512 * 400), [{ name: 'windowsize', value: '8' }], channel);
  expect(result.outcome).toEqual({ kind: 'done' });
  // Every packet comes twice, and this receiver complains about each second one.
  expect(result.dataSent).toBeLessThan(401 * 8);
});

it('takes an abort before any data for a probe and an abort later for a failure', () => {
  const start = begin(pattern(2000), [{ name: 'tsize', value: '0' }]);
  const abort: TransferEvent = {
    kind: 'packet',
    packet: { kind: 'error', code: 0, message: 'TFTP Aborted' },
    now: 1,
  };
  expect(run(start, [abort]).effects).toMatchObject([{ kind: 'end', outcome: { kind: 'probe' } }]);
  expect(run(start, [ack(0), ack(1), abort]).effects).toMatchObject([
    { outcome: { kind: 'failed', reason: 'the client stopped: error 0 TFTP Aborted, after block 1' } },
  ]);
});

it('answers a repeated request with its first packet again, until data was acknowledged', () => {
  const start = begin(pattern(2000));
  expect(run(start, [{ kind: 'asked-again' }]).effects).toMatchObject([
    { kind: 'send-data', first: 1, last: 1 },
  ]);
  expect(run(start, [ack(1), { kind: 'asked-again' }]).effects).toEqual([]);
});

it.each([
  [1, 0],
  [16, 0],
  [16, 0.0005],
])('goes on past block 65535 to block 0 with a window of %i, at a loss of %d', (windowSize, loss) => {
  const size = 8 * 65_540;
  const options = [
    { name: 'blksize', value: '8' },
    { name: 'windowsize', value: String(windowSize) },
  ];
  const result = simulate(pattern(size), options, { seed: 1, loss, duplicate: 0, jitterMs: 0 });
  expect(result.outcome).toEqual({ kind: 'done' });
  expect(Buffer.compare(Buffer.from(result.received), Buffer.from(pattern(size)))).toBe(0);
});
