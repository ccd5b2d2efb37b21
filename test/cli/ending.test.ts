import { expect, it } from 'vitest';
import { endingOf } from '../../src/cli/ending.ts';
import { keepingLog } from '../support/keeping-log.ts';

function world(close: () => Promise<void>) {
  const log = keepingLog();
  const exits: number[] = [];
  return { log, exits, end: endingOf({ close, log, exit: (status) => void exits.push(status) }) };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

it('a second signal ends a server whose end hangs at once, and says so', async () => {
  const { log, exits, end } = world(() => new Promise(() => undefined));
  end('SIGTERM');
  await settle();
  expect(exits).toEqual([]);
  end('SIGINT');
  expect(exits).toEqual([1]);
  expect(log.lines.at(-1)).toContain('ending at once');
});

it('one signal ends it in order, or says why not', async () => {
  const good = world(async () => {});
  good.end('SIGTERM');
  await settle();
  expect(good.exits).toEqual([0]);
  const bad = world(() => Promise.reject(new Error('the disk is gone')));
  bad.end('SIGTERM');
  await settle();
  expect([bad.exits, bad.log.lines.at(-1)]).toEqual([[1], expect.stringContaining('the disk is gone')]);
});
