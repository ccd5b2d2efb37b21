import { expect, it } from 'vitest';
import { createShots, shotLimits } from '../../src/console/shots.ts';

/** Cameras whose pictures come when they are told to. */
function studio() {
  const shots = createShots();
  const open: ((failed?: Error) => void)[] = [];
  let most = 0;
  const take = (machine: string) =>
    shots.of(machine, async () => {
      await new Promise<void>((resolve, reject) => {
        open.push((failed) => (failed === undefined ? resolve() : reject(failed)));
        most = Math.max(most, open.length);
      });
      return { png: Uint8Array.of(1), width: 1, height: 1 };
    });
  const finish = async (failed?: Error): Promise<void> => {
    open.shift()?.(failed);
    for (let turns = 0; turns < 10; turns += 1) await Promise.resolve();
  };
  return { take, finish, open, most: () => most };
}

it('two are taken at a time, whatever becomes of them; the others wait for their turn', async () => {
  const { take, finish, open, most } = studio();
  const all = ['a', 'b', 'c', 'd', 'e'].map(take);
  const ends = Promise.allSettled(all);
  expect(open).toHaveLength(2);
  await finish(new Error('no screen'));
  expect(open).toHaveLength(2);
  while (open.length > 0) await finish();
  expect((await ends).map(({ status }) => status)).toEqual(['rejected', ...Array(4).fill('fulfilled')]);
  expect(most()).toBe(2);
  // Nobody holds a place.
  const later = [take('a'), take('b')];
  expect(open).toHaveLength(2);
  await finish();
  await finish();
  await Promise.all(later);
});

it('one of a machine is shared, and more than may wait are refused', async () => {
  const { take, finish, open } = studio();
  const first = take('machine');
  expect(take('machine')).toBe(first);
  expect(open).toHaveLength(1);
  const others = Array.from({ length: shotLimits.waiting + 1 }, (_, index) => take(String(index)));
  await expect(take('one more')).rejects.toMatchObject({ code: 'refused' });
  while (open.length > 0) await finish();
  await Promise.all([first, ...others]);
  expect(take('machine')).not.toBe(first);
});
