import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type SolMachine,
  type SolMachineEffect,
  type SolMachineEvent,
  solWakeAt,
  startSolMachine,
  step,
} from '../../../src/ipmi/sol/machine.ts';
import { progressOf, type SolSignal } from '../../../src/ipmi/sol/sender.ts';
import {
  decodeSolFromConsole,
  encodeSolFromBmc,
  quietBmc,
  quietConsole,
  type SolFromBmc,
} from '../../../src/ipmi/sol/wire/sol-payload.ts';
import { cases } from '../../support/cases.ts';

const bytes = (of: string): Uint8Array => new TextEncoder().encode(of);

/** A machine at a console with a clock in the hand of the test; packets that it sends are read back. */
function consoleOf(pace = { chunk: 10, retries: 2, retryMs: 100 }, sequence = 0) {
  let machine: SolMachine = startSolMachine(sequence, pace);
  let now = 1000;
  const happen = (event: SolMachineEvent) => {
    const [next, effects] = step(machine, event);
    machine = next;
    return effects.map((effect) =>
      effect.kind === 'send' ? { sent: decodeSolFromConsole(effect.payload) } : effect,
    );
  };
  return {
    write: (data: string, id = 1) =>
      happen({ kind: 'job', job: { id, kind: 'characters', data: bytes(data) }, now }),
    signal: (signal: SolSignal, id = 1) => happen({ kind: 'job', job: { id, kind: 'signal', signal }, now }),
    pause: (paused: boolean, id = 1) => happen({ kind: 'pause', paused, id, now }),
    hears: (packet: Partial<SolFromBmc>) =>
      happen({ kind: 'payload', payload: encodeSolFromBmc({ ...quietBmc, ...packet }), now }),
    /** Lets time pass until the machine wants something. */
    waits() {
      now = solWakeAt(machine) ?? now;
      return happen({ kind: 'timer', now });
    },
    pass(ms: number) {
      now += ms;
    },
    wakeIn: () => (solWakeAt(machine) ?? Infinity) - now,
    state: () => machine,
  };
}

const sent = (sequence: number, data: string, more: object = {}) => ({
  sent: { ...quietConsole, sequence, data: bytes(data), ...more },
});
const acks = (ackSequence: number, accepted: number) => ({
  sent: { ...quietConsole, ackSequence, accepted },
});
const done = (id: number) => ({ kind: 'done', id });
const output = (data: string) => ({ kind: 'output', data: bytes(data) });

describe('typing', () => {
  it('has one packet under way; what is typed meanwhile goes together in the next', () => {
    const c = consoleOf();
    expect(c.write('a', 1)).toEqual([sent(1, 'a')]);
    expect([...c.write('b', 2), ...c.write('c', 3), ...c.write('defghijklm', 4)]).toEqual([]);
    expect(c.hears({ ackSequence: 1, accepted: 1 })).toEqual([done(1), sent(2, 'bcdefghijk')]);
    expect(c.hears({ ackSequence: 2, accepted: 10 })).toEqual([done(2), done(3), sent(3, 'lm')]);
    expect(c.hears({ ackSequence: 3, accepted: 2 })).toEqual([done(4)]);
    expect(c.wakeIn()).toBe(Infinity);
  });

  it('numbers go from 15 to 1', () => {
    const c = consoleOf(undefined, 15);
    expect(c.write('a')).toEqual([sent(1, 'a')]);
    const d = consoleOf(undefined, 14);
    expect(d.write('a')).toEqual([sent(15, 'a')]);
  });

  it('sends the rest of a packet that was taken in part under a new number', () => {
    const c = consoleOf();
    c.write('abcdef');
    expect(c.hears({ ackSequence: 1, accepted: 4 })).toEqual([sent(2, 'ef')]);
    expect(c.hears({ ackSequence: 1, accepted: 4 })).toEqual([]);
    expect(c.hears({ ackSequence: 2, accepted: 2 })).toEqual([done(1)]);
  });

  it('waits with the rest where the BMC says that it is full, until it says otherwise', () => {
    const c = consoleOf();
    c.write('abcdef');
    expect(c.hears({ ackSequence: 1, accepted: 4, nack: true })).toEqual([]);
    expect(c.wakeIn()).toBe(250);
    expect(c.hears({ ackSequence: 1, accepted: 4 })).toEqual([sent(2, 'ef')]);
    expect(c.hears({ ackSequence: 2, accepted: 0 })).toEqual([]);
    expect(c.waits()).toEqual([sent(3, 'ef')]);
  });

  it('repeats a refused packet under its number, for as long as the BMC refuses', () => {
    const c = consoleOf();
    c.write('abc');
    for (let i = 0; i < 100; i++) {
      expect(c.hears({ ackSequence: 1, nack: true })).toEqual([]);
      expect(c.wakeIn()).toBe(250);
      expect(c.waits()).toEqual([sent(1, 'abc')]);
    }
    expect(c.hears({ ackSequence: 1, accepted: 3 })).toEqual([done(1)]);
  });

  it('repeats at once when characters can reach the serial port again', () => {
    const c = consoleOf();
    c.write('abc');
    expect(c.hears({ ackSequence: 1, nack: true, transferUnavailable: true })).toEqual([
      { kind: 'availability', available: false },
    ]);
    expect(c.hears({})).toEqual([{ kind: 'availability', available: true }, sent(1, 'abc')]);
  });

  it('repeats without an answer, the same bytes, and gives up in the end', () => {
    const c = consoleOf();
    c.write('abc');
    c.write('later', 2);
    const waited: number[] = [];
    for (;;) {
      waited.push(c.wakeIn());
      const effects = c.waits();
      if (effects.length === 1 && effects[0] && 'kind' in effects[0]) {
        expect(effects).toEqual([{ kind: 'over', reason: 'stuck' }]);
        break;
      }
      expect(effects).toEqual([sent(1, 'abc')]);
    }
    expect(waited.slice(0, 4)).toEqual([100, 100, 1000, 1000]);
    expect(waited.reduce((sum, ms) => sum + ms)).toBeGreaterThanOrEqual(8000);
    expect(c.write('more', 3)).toEqual([]);
    expect(progressOf(c.state().sender, 1, 3)).toEqual({ accepted: 0, mayHaveRun: true });
  });

  it('does nothing before its time, and for acknowledgements of other packets', () => {
    const c = consoleOf();
    c.write('abc');
    const [same, effects] = step(c.state(), { kind: 'timer', now: 1050 });
    expect([same, effects]).toEqual([c.state(), []]);
    expect(c.hears({ ackSequence: 2, accepted: 3 })).toEqual([]);
    expect(c.hears({ ackSequence: 0, accepted: 3, nack: true })).toEqual([]);
    expect(c.hears({ ackSequence: 1, accepted: 255 })).toEqual([done(1)]);
  });

  it('no characters are taken without a packet', () => expect(consoleOf().write('')).toEqual([done(1)]));

  it('knows how far a job came', () => {
    const c = consoleOf({ chunk: 4, retries: 2, retryMs: 100 });
    c.write('abcdef', 1);
    c.write('gh', 2);
    c.write('i', 3);
    c.hears({ ackSequence: 1, accepted: 3 });
    const { sender } = c.state();
    expect(progressOf(sender, 1, 6)).toEqual({ accepted: 3, mayHaveRun: true });
    expect(progressOf(sender, 2, 2)).toEqual({ accepted: 0, mayHaveRun: true });
    expect(progressOf(sender, 3, 1)).toEqual({ accepted: 0, mayHaveRun: false });
  });
});

describe('signals', () => {
  it.each([
    ['break', { generateBreak: true }],
    ['flush-to-machine', { flushInbound: true }],
    ['flush-from-machine', { flushOutbound: true }],
  ] as const)('%s goes in its turn, in a packet that is acknowledged', (signal, bit) => {
    const c = consoleOf();
    c.write('a', 1);
    expect(c.signal(signal, 2)).toEqual([]);
    c.write('b', 3);
    expect(c.hears({ ackSequence: 1, accepted: 1 })).toEqual([done(1), sent(2, '', bit)]);
    expect(c.waits()).toEqual([sent(2, '', bit)]);
    expect(c.hears({ ackSequence: 2 })).toEqual([done(2), sent(3, 'b')]);
  });

  it('a pause is in every packet until it ends', () => {
    const c = consoleOf();
    expect(c.pause(true)).toEqual([sent(1, '', { pauseCts: true })]);
    expect(c.hears({ ackSequence: 1, sequence: 1, data: bytes('x') })).toEqual([
      output('x'),
      { sent: { ...quietConsole, ackSequence: 1, accepted: 1, pauseCts: true } },
      done(1),
    ]);
    expect(c.pause(false)).toEqual([sent(2, '')]);
  });
});

describe('output', () => {
  it('is acknowledged, and told once, also when a repetition has grown or is the older one', () => {
    const c = consoleOf();
    expect(c.hears({ sequence: 7, data: bytes('log') })).toEqual([output('log'), acks(7, 3)]);
    expect(c.hears({ sequence: 7, data: bytes('login') })).toEqual([acks(7, 3)]);
    expect(c.hears({ sequence: 7, data: bytes('lo') })).toEqual([acks(7, 3)]);
    expect(c.hears({ sequence: 8, data: bytes('in') })).toEqual([output('in'), acks(8, 2)]);
  });

  it('of a delayed copy of an older packet is dropped without a word', () => {
    const c = consoleOf();
    for (const sequence of [14, 15, 1]) c.hears({ sequence, data: bytes('.') });
    expect(c.hears({ sequence: 14, data: bytes('.') })).toEqual([]);
    expect(c.hears({ sequence: 2, data: bytes('x') })).toEqual([output('x'), acks(2, 1)]);
  });

  it('with a missing packet before it, or of a board that counts anew, comes behind a gap', () => {
    const c = consoleOf();
    c.hears({ sequence: 5, data: bytes('a') });
    expect(c.hears({ sequence: 7, data: bytes('b') })).toEqual([
      { kind: 'gap', reason: 'skipped' },
      output('b'),
      acks(7, 1),
    ]);
    expect(c.hears({ sequence: 7, data: bytes('other') })).toEqual([
      { kind: 'gap', reason: 'skipped' },
      output('other'),
      acks(7, 5),
    ]);
    c.pass(5000);
    expect(c.hears({ sequence: 1, data: bytes('c') })).toEqual([
      { kind: 'gap', reason: 'skipped' },
      output('c'),
      acks(1, 1),
    ]);
  });

  it('tells overruns and breaks once', () => {
    const c = consoleOf();
    const packet = { sequence: 1, data: bytes('x'), transmitOverrun: true, breakDetected: true };
    expect(c.hears(packet)).toEqual([
      { kind: 'gap', reason: 'overrun' },
      output('x'),
      { kind: 'break' },
      acks(1, 1),
    ]);
    expect(c.hears(packet)).toEqual([acks(1, 1)]);
  });

  it('ends with the notice of the BMC; nothing is sent or told after it', () => {
    const c = consoleOf();
    c.write('abc');
    expect(c.hears({ sequence: 1, data: bytes('bye'), deactivated: true })).toEqual([
      output('bye'),
      acks(1, 3),
      { kind: 'over', reason: 'deactivated' },
    ]);
    expect([...c.hears({ sequence: 2, data: bytes('x') }), ...c.waits(), ...c.write('y')]).toEqual([]);
    expect(c.wakeIn()).toBe(Infinity);
  });
});

describe('any packets in any order', () => {
  const payload = fc.oneof(
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 260 }) },
    {
      weight: 4,
      arbitrary: fc
        .record({
          sequence: fc.nat(15),
          ackSequence: fc.nat(15),
          accepted: fc.nat(255),
          nack: fc.boolean(),
          data: fc.uint8Array({ maxLength: 12 }),
          transferUnavailable: fc.boolean(),
          deactivated: fc.nat(30).map((n) => n === 0),
          transmitOverrun: fc.boolean(),
          breakDetected: fc.boolean(),
        })
        .map((packet) => encodeSolFromBmc(packet)),
    },
  );
  const event = fc.oneof(
    { weight: 6, arbitrary: payload.map((one) => ({ kind: 'payload', payload: one }) as const) },
    {
      weight: 2,
      arbitrary: fc.uint8Array({ maxLength: 40 }).map((data) => ({ kind: 'write', data }) as const),
    },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('break', 'flush-to-machine')
        .map((signal) => ({ kind: 'signal', signal }) as const),
    },
    { weight: 1, arbitrary: fc.boolean().map((paused) => ({ kind: 'pause', paused }) as const) },
    { weight: 3, arbitrary: fc.nat(12_000).map((ms) => ({ kind: 'time', ms }) as const) },
  );

  it('never throw, never make more packets than were heard or asked for, and settle each job at most once', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), fc.integer({ min: 1, max: 255 }), (events, chunk) => {
        let machine = startSolMachine(0, { chunk, retries: 3, retryMs: 100 });
        let now = 0;
        let heard = 0;
        let overs = 0;
        let asked = 0;
        const settled: number[] = [];
        const accept = ([next, effects]: readonly [SolMachine, readonly SolMachineEffect[]]): void => {
          const packets = effects.filter(({ kind }) => kind === 'send').length;
          // At most an acknowledgement, and one packet of its own.
          expect(packets).toBeLessThanOrEqual(2);
          for (const effect of effects) {
            if (effect.kind === 'done') settled.push(effect.id);
            if (effect.kind === 'output') heard += effect.data.length;
            if (effect.kind === 'over') overs++;
            if (effect.kind === 'send') {
              const { data, sequence } = decodeSolFromConsole(effect.payload);
              expect(data.length).toBeLessThanOrEqual(chunk);
              if (data.length > 0) expect(sequence).toBeGreaterThan(0);
            }
          }
          machine = next;
        };
        let came = 0;
        for (const one of events) {
          const id = ++asked;
          if (one.kind === 'payload') {
            came += one.payload.length;
            accept(step(machine, { ...one, now }));
          } else if (one.kind === 'write') {
            accept(step(machine, { kind: 'job', job: { id, kind: 'characters', data: one.data }, now }));
          } else if (one.kind === 'signal') {
            accept(step(machine, { kind: 'job', job: { id, kind: 'signal', signal: one.signal }, now }));
          } else if (one.kind === 'pause') {
            accept(step(machine, { kind: 'pause', paused: one.paused, id, now }));
          } else {
            now += one.ms;
            accept(step(machine, { kind: 'timer', now }));
          }
        }
        expect(new Set(settled).size).toBe(settled.length);
        expect(heard).toBeLessThanOrEqual(came);
        expect(overs).toBe(machine.over ? 1 : 0);
        if (machine.sender.jobs.length > 0 && !machine.over) expect(solWakeAt(machine)).toBeDefined();
      }),
      { numRuns: cases(100_000) },
    );
  }, 120_000);
});
