import type * as Crypto from 'node:crypto';
import { expect, it, onTestFinished, vi } from 'vitest';

const costs = vi.hoisted((): number[] => []);
vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof Crypto>();
  const scrypt = (...given: Parameters<typeof crypto.scrypt>): void => {
    costs.push(given[3].N ?? 0);
    crypto.scrypt(...given);
  };
  return { ...crypto, scrypt };
});

const { createSessions } = await import('../../src/api/auth/sessions.ts');
const { ensureAdmin } = await import('../../src/api/index.ts');
const { random } = await import('../support/records.ts');
const { scratchStore } = await import('../support/scratch-store.ts');

it('a login costs one key of the same work, whether the name exists or not', async () => {
  const { accounts, close } = await scratchStore();
  onTestFinished(close);
  const clock = { now: () => 0, after: () => () => {} };
  const limits = { sessionSeconds: () => 60, maxSessions: () => 5, maxFailures: () => 5 };
  await ensureAdmin({ accounts, random, clock, password: 'right', passwordCost: 11 });
  const sessions = createSessions({ accounts, clock, random, ...limits, passwordCost: 11 });
  await sessions.logIn('admin', 'right', '192.0.2.1');
  const costOf = async (login: Promise<unknown>): Promise<readonly number[]> => {
    costs.length = 0;
    await login.catch(() => {});
    return [...costs];
  };
  const user = (accountName: string, userName: string) =>
    sessions.logInByUser({ accountName, userName, password: 'wrong' }, '192.0.2.1');
  expect(await costOf(sessions.logIn('admin', 'wrong', '192.0.2.1'))).toEqual([2048]);
  expect(await costOf(sessions.logIn('nobody', 'wrong', '192.0.2.1'))).toEqual([2048]);
  expect(await costOf(user('admin', 'nobody'))).toEqual([2048]);
  expect(await costOf(user('nobody', 'nobody'))).toEqual([2048]);
});
