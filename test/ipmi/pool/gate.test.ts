import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { createGate } from '../../../src/ipmi/pool/gate.ts';
import { chooseNext, priorities, type Priority } from '../../../src/ipmi/pool/turn-order.ts';
import { cases } from '../../support/cases.ts';
import { virtualTime } from '../../support/virtual-net.ts';

const patience = (time: ReturnType<typeof virtualTime>, ms: number) => ({
  clock: time.clock,
  ms,
  error: () => new Error('too late'),
});

const tick = () => new Promise((resolve) => setImmediate(resolve));

it('lets the better priority first, and within one the first that came', () => {
  const waiting = (['bulk', 'status', 'command', 'command'] as const).map((priority) => ({
    priority,
    passedOver: 0,
  }));
  expect(chooseNext(waiting)).toBe(2);
  expect(chooseNext(waiting.slice(0, 2))).toBe(1);
  expect(chooseNext([{ priority: 'bulk', passedOver: 4 }, ...waiting])).toBe(0);
});

it('lets nobody wait for ever', async () => {
  const gate = createGate(1);
  const served: string[] = [];
  const leave = await gate.enter('command');
  const bulk = gate.run('bulk', async () => void served.push('bulk'));
  const commands = Array.from({ length: 20 }, () =>
    gate.run('command', async () => void served.push('command')),
  );
  leave();
  await Promise.all([bulk, ...commands]);
  expect(served.indexOf('bulk')).toBe(4);
});

it('never lets in more than its limit, and everybody in the end', async () => {
  const wishes = fc.array(fc.constantFrom<Priority>(...priorities), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(wishes, fc.integer({ min: 1, max: 5 }), async (all, limit) => {
      const gate = createGate(limit);
      let inside = 0;
      let served = 0;
      await Promise.all(
        all.map((priority) =>
          gate.run(priority, async () => {
            inside++;
            expect(inside).toBeLessThanOrEqual(limit);
            await Promise.resolve();
            inside--;
            served++;
          }),
        ),
      );
      expect(served).toBe(all.length);
      expect([gate.isFull(), gate.isWaitedFor()]).toEqual([false, false]);
    }),
    { numRuns: cases(2000) / 10 },
  );
});

it('gives a place back once, also after an error, and turns all away when it is shut', async () => {
  const gate = createGate(1);
  await expect(gate.run('command', () => Promise.reject(new Error('of the work')))).rejects.toThrow(
    'of the work',
  );
  const leave = await gate.enter('command');
  const waits = gate.enter('bulk');
  leave();
  leave();
  await waits;
  expect(gate.isFull()).toBe(true);
  const refused = gate.enter('status').catch((error: Error) => error.message);
  gate.shut(new Error('shut'));
  await tick();
  expect(await refused).toBe('shut');
  await expect(gate.enter('command')).rejects.toThrow('shut');
});

it('is waited at only as long as somebody wants, and nothing is left of who gave up', async () => {
  const time = virtualTime();
  const gate = createGate(1);
  const leave = await gate.enter('command', patience(time, 10));
  const late = gate.enter('command', patience(time, 1000)).catch((error: Error) => error.message);
  const patient = gate.enter('status', patience(time, 3000));
  await time.pass(1001);
  expect(await late).toBe('too late');
  leave();
  const leaveToo = await patient;
  await time.pass(5000);
  expect([gate.isFull(), gate.isWaitedFor()]).toEqual([true, false]);
  leaveToo();
  expect(gate.isFull()).toBe(false);
});
