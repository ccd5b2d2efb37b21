import type { Clock } from '../../base/clock.ts';
import type { RandomBytes } from '../../base/random.ts';
import { ApiError } from '../errors.ts';
import { createGate } from './gate.ts';
import { hashPassword, passwordDigest, verifyPassword } from './password.ts';
import { createThrottle, sourceOf } from './throttle.ts';

/** One password tried on many names shows only in the sum of an address; a proxy in front of us is one address for all. */
const addressFactor = 6;

/** One try to log in. */
interface LoginTry {
  readonly remoteAddress: string;
  /** Whom it is about: the same text for the same account or user, known or not. */
  readonly who: string;
  /** What is stored; undefined for somebody who does not exist. */
  readonly passwordHash: string | undefined;
  /** Clear, or its SHA-512 in 128 hex digits. */
  readonly password: string;
}

/**
 * Checks passwords, slowly on purpose: `maxFailures()` a minute per name and address, six times as many
 * per address. Answers whether the
 * password is right, after the same time for names that do not exist; rejects with ApiError `login-failed`, which says how long
 * to wait. `passwordCost` must be the cost of new hashes.
 */
export function createLoginGuard(deps: {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly passwordCost: number;
  readonly maxFailures: () => number;
}): (login: LoginTry) => Promise<boolean> {
  const { clock, random, passwordCost } = deps;
  const { maxFailures } = deps;
  const perName = createThrottle(maxFailures);
  const perAddress = createThrottle(() => maxFailures() * addressFactor);
  // scrypt takes threads that file reads of the boot services need too; two at a time leave some free.
  const gate = createGate(2, 100);
  const nobodysHash = hashPassword(passwordDigest(''), random, passwordCost);
  nobodysHash.catch(() => {});

  const matches = async (password: string, passwordHash: string | undefined): Promise<boolean> => {
    const right = await verifyPassword(passwordDigest(password), passwordHash ?? (await nobodysHash));
    return right && passwordHash !== undefined;
  };

  return async ({ remoteAddress, who, passwordHash, password }) => {
    const address = sourceOf(remoteAddress);
    const name = `${address} ${who}`;
    const now = clock.now();
    const waitMs = Math.max(perName.waitMs(name, now), perAddress.waitMs(address, now));
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1000);
      throw new ApiError('login-failed', `too many failed logins: wait ${seconds} s and try again`);
    }
    const checking = gate(() => matches(password, passwordHash));
    if (checking === undefined) {
      throw new ApiError('login-failed', 'too many logins at once: wait 10 s and try again');
    }
    perName.begin(name, now);
    perAddress.begin(address, now);
    const right = await checking;
    if (right) {
      perName.forget(name);
      // Only this one: who knows one password must not be able to try others on its back.
      perAddress.takeBack(address, now);
    }
    return right;
  };
}
