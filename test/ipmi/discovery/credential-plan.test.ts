import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { afterRefusal, nextCredential, noTries } from '../../../src/ipmi/discovery/credential-plan.ts';
import { cases } from '../../support/cases.ts';

/** Indexes that are tried when the BMC refuses all; `locked`: users that the guard stops. */
function allTries(users: readonly string[], thorough: boolean, locked: readonly string[] = []): number[] {
  const credentials = users.map((username) => ({ username, password: 'x' }));
  const tried: number[] = [];
  for (let tries = noTries; ; ) {
    const index = nextCredential(credentials, tries, thorough);
    if (index === undefined) return tried;
    tried.push(index);
    const username = users[index] ?? '';
    tries = afterRefusal(tries, index, username, !locked.includes(username));
  }
}

it('lets each user fail once and all together twice', () => {
  expect(allTries(['a', 'a', 'b', 'c'], false)).toEqual([0, 2]);
  expect(allTries(['a', 'a', 'b', 'c'], true)).toEqual([0, 2, 3]);
  expect(allTries(['a', 'b', 'c'], false, ['a'])).toEqual([0, 1, 2]);
  expect(allTries([], true)).toEqual([]);
});

it('tries in order, no user twice, and never too often', () => {
  const users = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 });
  fc.assert(
    fc.property(users, fc.boolean(), (all, thorough) => {
      const tried = allTries(all, thorough);
      expect(tried).toEqual(tried.toSorted((a, b) => a - b));
      expect(new Set(tried.map((at) => all[at])).size).toBe(tried.length);
      if (!thorough) expect(tried.length).toBeLessThanOrEqual(2);
      else expect(tried.length).toBe(new Set(all).size);
    }),
    { numRuns: cases(5000) },
  );
});
