import { describe, expect, it } from 'vitest';
import { defaultConfig } from '../../hardware-lab/bmc-sim/config.ts';
import { type Sol, solWakeAt, startSol, stepSol } from '../../hardware-lab/bmc-sim/sol.ts';
import { quietConsole, type SolFromBmc, type SolFromConsole } from '../../src/ipmi/sol/wire/sol-payload.ts';

const script = { ...defaultConfig.console, text: 'abc', baud: 9600, onBreak: '!' };
const text = (packet: SolFromBmc | undefined) => packet && new TextDecoder().decode(packet.data);
const typed = (characters: string) => new TextEncoder().encode(characters);

function packet(sol: Sol, now: number, fields: Partial<SolFromConsole>, own = script) {
  return stepSol(sol, { kind: 'packet', packet: { ...quietConsole, ...fields }, now }, own);
}
const tick = (sol: Sol, now: number, own = script) => stepSol(sol, { kind: 'tick', now }, own);

/** Everything that the script has, taken and acknowledged. */
function settled(nacks = 0, own = script): Sol {
  const [sol] = tick(startSol(1, 0, nacks), 1000, own);
  return packet(sol, 1000, { ackSequence: 1, accepted: 3 }, own)[0];
}

describe('SOL of the simulated BMC', () => {
  it('sends the script at the speed of the port', () => {
    const slow = { ...script, baud: 100, text: 'abcdef' };
    const start = startSol(1, 0, 0);
    expect(solWakeAt(start, slow)).toBe(100);
    const [sol, sent] = tick(start, 310, slow);
    expect(sent.map(text)).toEqual(['abc']);
    const [, more] = packet(sol, 1000, { ackSequence: 1, accepted: 3 }, slow);
    expect(more.map((one) => [one.sequence, text(one)])).toEqual([[2, 'def']]);
  });

  it('repeats what is not acknowledged, with the same number, and gives up in the end', () => {
    let [sol, sent] = tick(startSol(1, 0, 0), 1000);
    const numbers = [sent[0]!.sequence];
    for (let i = 0; sol.inFlight && i < 20; i++) {
      [sol, sent] = tick(sol, solWakeAt(sol, script)!);
      numbers.push(...sent.map((one) => one.sequence));
    }
    expect(numbers).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    expect(solWakeAt(sol, script)).toBeUndefined();
  });

  it('sends the rest when the console took a part', () => {
    const [sol] = tick(startSol(1, 0, 0), 1000);
    const [taken] = packet(sol, 1001, { ackSequence: 1, accepted: 1 });
    const [, rest] = tick(taken, 2000);
    expect(rest.map((one) => [one.sequence, text(one)])).toEqual([[2, 'bc']]);
  });

  it('sends again after a refusal', () => {
    const [sol] = tick(startSol(1, 0, 0), 1000);
    const [refused, nothing] = packet(sol, 1001, { ackSequence: 1, accepted: 0, nack: true });
    expect(nothing).toEqual([]);
    const [, again] = tick(refused, solWakeAt(refused, script)!);
    expect(again.map((one) => [one.sequence, text(one)])).toEqual([[1, 'abc']]);
  });

  it('echoes with the acknowledgement, and takes a repeated packet once', () => {
    const [sol, answer] = packet(settled(), 2000, { sequence: 7, data: typed('hi') });
    expect(answer).toMatchObject([{ ackSequence: 7, accepted: 2, sequence: 2 }]);
    expect(answer.map(text)).toEqual(['hi']);
    const [twice, again] = packet(sol, 2001, { sequence: 7, data: typed('hi') });
    expect(again).toMatchObject([{ ackSequence: 7, accepted: 2, sequence: 0 }]);
    expect(new TextDecoder().decode(twice.typed)).toBe('hi');
  });

  it('takes what fits and leaves the rest to the console', () => {
    const small = { ...script, acceptAtMost: 3 };
    const [sol, answer] = packet(settled(0, small), 2000, { sequence: 1, data: typed('hello') }, small);
    expect(answer).toMatchObject([{ ackSequence: 1, accepted: 3, nack: false }]);
    expect(new TextDecoder().decode(sol.typed)).toBe('hel');
  });

  it('refuses as often as told', () => {
    const [sol, refusal] = packet(settled(1), 2000, { sequence: 1, data: typed('x') });
    expect(refusal).toMatchObject([{ ackSequence: 1, accepted: 0, nack: true, sequence: 0 }]);
    const [, taken] = packet(sol, 2001, { sequence: 1, data: typed('x') });
    expect(taken).toMatchObject([{ ackSequence: 1, accepted: 1, nack: false }]);
  });

  it('sees a break', () => {
    const [sol, answer] = packet(settled(), 2000, { sequence: 1, generateBreak: true });
    expect([sol.breaks, text(answer[0])]).toEqual([1, '!']);
  });

  it('sends nothing while the console holds CTS, and forgets what it flushes', () => {
    const [held] = packet(settled(), 2000, { pauseCts: true });
    const [full, nothing] = stepSol(held, { kind: 'write', data: typed('later'), now: 2100 }, script);
    expect([nothing, solWakeAt(full, script)]).toEqual([[], undefined]);
    const [, free] = packet(full, 2200, {});
    expect(free.map(text)).toEqual(['later']);
    const [, flushed] = packet(full, 2200, { flushOutbound: true });
    expect(flushed).toEqual([]);
  });

  it('counts its packets from 1 to 15 and on from 1', () => {
    let sol = settled();
    const numbers = Array.from({ length: 16 }, (_, i) => {
      const at = 10_000 + i * 100;
      const [next, [sent]] = stepSol(sol, { kind: 'write', data: typed('x'), now: at }, script);
      [sol] = packet(next, at, { ackSequence: sent!.sequence, accepted: 1 });
      return sent!.sequence;
    });
    expect(numbers).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 1, 2]);
  });
});
