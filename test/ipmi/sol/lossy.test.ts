import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type SolMachineEffect,
  type SolMachineEvent,
  solWakeAt,
  startSolMachine,
  step,
} from '../../../src/ipmi/sol/machine.ts';
import { cases } from '../../support/cases.ts';
import { faultsOf, seededRandom } from '../../support/faults.ts';
import { modelBmc } from './model-bmc.ts';

interface Run {
  readonly seed: number;
  readonly loss: number;
  readonly duplicate: number;
  readonly maxDelayMs: number;
  readonly grows: boolean;
  readonly chunk: number;
  readonly firstSequence: number;
  readonly typed: readonly Uint8Array[];
  readonly printed: readonly Uint8Array[];
}

const tickMs = 5;
const longestMs = 20 * 60_000;

/** Types and prints over a bad network until all has arrived or the machine gave up. */
function play(run: Run) {
  const plan = faultsOf(run);
  let now = 0;
  let wire: Array<{ readonly at: number; readonly arrive: () => void }> = [];
  const carry = (payload: Uint8Array, arrive: (payload: Uint8Array) => void): void => {
    for (const ms of plan()) wire.push({ at: now + ms, arrive: () => arrive(payload) });
  };
  let machine = startSolMachine(0, { chunk: run.chunk, retries: 7, retryMs: 250 });
  const bmc = modelBmc({
    send: (payload) => carry(payload, (arrived) => happen({ kind: 'payload', payload: arrived, now })),
    dice: seededRandom(run.seed + 1),
    retryMs: 200,
    grows: run.grows,
    firstSequence: run.firstSequence,
  });
  const effects: SolMachineEffect[] = [];
  function happen(event: SolMachineEvent): void {
    const [next, told] = step(machine, event);
    machine = next;
    for (const effect of told) {
      if (effect.kind === 'send') carry(effect.payload, (payload) => bmc.receive(payload));
      else effects.push(effect);
    }
  }

  const jobs = [...run.typed.entries()];
  const prints = [...run.printed];
  const all = run.typed.length;
  const done = (): number => effects.filter(({ kind }) => kind === 'done').length;
  while (now < longestMs && !machine.over && (done() < all || prints.length > 0 || !bmc.idle())) {
    now += tickMs;
    if (now % 100 === 0) {
      const [id, data] = jobs.shift() ?? [];
      if (id !== undefined && data !== undefined)
        happen({ kind: 'job', job: { id, kind: 'characters', data }, now });
      bmc.print(prints.shift() ?? new Uint8Array());
    }
    const due = wire.filter(({ at }) => at <= now).toSorted((a, b) => a.at - b.at);
    wire = wire.filter(({ at }) => at > now);
    for (const { arrive } of due) arrive();
    if (now >= (solWakeAt(machine) ?? Infinity)) happen({ kind: 'timer', now });
    bmc.tick(now);
  }
  const seen = effects.flatMap((effect) => (effect.kind === 'output' ? [...effect.data] : []));
  return { machine, effects, seen, typed: bmc.typed, done: done() };
}

const flat = (parts: readonly Uint8Array[]): number[] => parts.flatMap((part) => [...part]);
const texts = fc.array(fc.uint8Array({ maxLength: 90 }), { maxLength: 12 });
const runs = fc.record<Run>({
  seed: fc.nat(),
  loss: fc.constantFrom(0, 0.1, 0.3),
  duplicate: fc.constantFrom(0, 0.3),
  maxDelayMs: fc.constantFrom(1, 60, 300),
  grows: fc.boolean(),
  chunk: fc.integer({ min: 1, max: 255 }),
  firstSequence: fc.nat(15),
  typed: texts,
  printed: texts,
});

it('every byte arrives once and in order both ways over a wire that loses, repeats and reorders, or the machine says that it gave up', () => {
  let whole = 0;
  fc.assert(
    fc.property(runs, (run) => {
      const { machine, effects, seen, typed, done } = play(run);
      const wantedSeen = flat(run.printed);
      const wantedTyped = flat(run.typed);
      if (machine.over) {
        expect(effects.at(-1)).toEqual({ kind: 'over', reason: 'stuck' });
        expect(wantedSeen.slice(0, seen.length)).toEqual(seen);
        expect(wantedTyped.slice(0, typed.length)).toEqual(typed);
        return;
      }
      whole++;
      expect(seen).toEqual(wantedSeen);
      expect(typed).toEqual(wantedTyped);
      expect(done).toBe(run.typed.length);
      expect(effects.filter(({ kind }) => kind === 'gap')).toEqual([]);
    }),
    { numRuns: cases(5000) },
  );
  // Giving up is the exception, also on the worst of these networks.
  expect(whole).toBeGreaterThan(cases(5000) * 0.95);
}, 120_000);
