import { expect, it } from 'vitest';
import { Deadlines } from '../../../src/pxe/tftp/deadlines.ts';
import { virtualTime } from '../../support/virtual-net.ts';

/** Deadlines named by a letter, and what ran when. */
function setup() {
  const time = virtualTime();
  const begun = time.clock.now();
  const ran: [string, number][] = [];
  let [made, under, back] = [0, 0, 0];
  const clock = {
    now: () => time.clock.now() - back,
    after(ms: number, run: () => void) {
      made += 1;
      under += 1;
      let isOver = false;
      const over = (): void => {
        if (!isOver) under -= 1;
        isOver = true;
      };
      const cancel = time.clock.after(ms, () => {
        over();
        run();
      });
      return () => {
        over();
        cancel();
      };
    },
  };
  const deadlines = new Deadlines(clock);
  return {
    ran,
    create: (name: string, then: () => void = () => {}) => {
      const deadline = deadlines.create(() => {
        ran.push([name, time.clock.now() - begun]);
        then();
      });
      return { set: (ms: number) => deadline.set(clock.now(), ms), cancel: () => deadline.cancel() };
    },
    pass: (ms: number) => time.pass(ms),
    timers: () => ({ made, under }),
    setBack: (ms: number) => {
      back = ms;
    },
  };
}

it('runs each once at its time, and leaves no timer', async () => {
  const { create, pass, ran, timers } = setup();
  create('a').set(50);
  create('b').set(30);
  create('c').set(70);
  await pass(29);
  expect(ran).toEqual([]);
  await pass(500);
  expect(ran).toEqual([
    ['b', 30],
    ['a', 50],
    ['c', 70],
  ]);
  expect(timers().under).toBe(0);
});

it('is put off a thousand times with few timers', async () => {
  const { create, pass, ran, timers } = setup();
  const some = ['a', 'b', 'c'].map((name) => create(name));
  for (let n = 0; n < 1000; n += 1) {
    for (const one of some) one.set(50);
    await pass(1);
  }
  expect(ran).toEqual([]);
  expect(timers().made).toBeLessThanOrEqual(25);
  await pass(100);
  expect(ran.map(([name]) => name)).toEqual(['a', 'b', 'c']);
});

it('looks together at those that run out close to one another', async () => {
  const { create, pass, ran, timers } = setup();
  for (let n = 0; n < 1000; n += 1) create(String(n)).set(50 + n / 100);
  await pass(100);
  expect(ran.length).toBe(1000);
  expect(timers().made).toBeLessThanOrEqual(4);
});

it('comes earlier when that is wanted', async () => {
  const { create, pass, ran } = setup();
  const a = create('a');
  a.set(1000);
  a.set(50);
  await pass(5000);
  expect(ran).toEqual([['a', 50]]);
});

it('may be set again by what it runs, and be cancelled by another of the same time', async () => {
  const { create, pass, ran, timers } = setup();
  const b = create('b');
  const a = create('a', () => {
    b.cancel();
    if (ran.length < 3) a.set(50);
  });
  a.set(50);
  b.set(50);
  await pass(500);
  expect(ran).toEqual([
    ['a', 50],
    ['a', 100],
    ['a', 150],
  ]);
  expect(timers().under).toBe(0);
});

it('leaves no timer when all are cancelled', async () => {
  const { create, pass, ran, timers } = setup();
  const [a, b] = [create('a'), create('b')];
  a.set(50);
  b.set(60);
  a.cancel();
  expect(timers().under).toBe(1);
  b.cancel();
  expect(timers().under).toBe(0);
  await pass(100);
  expect(ran).toEqual([]);
});

it('does not wait for a clock that was set back', async () => {
  const { create, pass, ran, setBack } = setup();
  create('a').set(50);
  setBack(3_600_000);
  await pass(100);
  expect(ran).toEqual([['a', 50]]);
});
