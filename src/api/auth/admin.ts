import { type Clock, systemClock } from '../../base/clock.ts';
import type { RandomBytes } from '../../base/random.ts';
import type { Uuid } from '../../base/uuid.ts';
import { ApiError } from '../errors.ts';
import type { AccountStore } from '../ports.ts';
import { hashPassword, passwordDigest } from './password.ts';

/** ZStack's fixed uuid of the first administrator; clients have it built in. */
export const adminUuid = '36c27e8ff05c4780bf6d2fa65700f22e' as Uuid;

/** 20 characters without look-alikes, some 116 bits: read from a console and typed once. */
function randomPassword(random: RandomBytes): string {
  const alphabet = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';
  const limit = 256 - (256 % alphabet.length);
  let text = '';
  while (text.length < 20) {
    for (const byte of random(32)) {
      if (byte < limit && text.length < 20) text += alphabet.charAt(byte % alphabet.length);
    }
  }
  return text;
}

/**
 * Creates the account `admin` on the first start, with the given password (clear, or its SHA-512 in 128 hex digits) or a random
 * one, which is answered so that the caller shows it once. Later calls change nothing. `passwordCost` as in ApiOptions.
 */
export async function ensureAdmin(deps: {
  readonly accounts: AccountStore;
  readonly random: RandomBytes;
  readonly clock?: Clock;
  readonly password?: string;
  readonly passwordCost?: number;
}): Promise<{ created: boolean; password?: string }> {
  const { accounts, random, clock = systemClock, password, passwordCost = 15 } = deps;
  if ((await accounts.getAccount(adminUuid)) !== undefined) return { created: false };
  if (password === '') throw new ApiError('bad-option', 'the admin password must not be empty');
  const chosen = password ?? randomPassword(random);
  const passwordHash = await hashPassword(passwordDigest(chosen), random, passwordCost);
  const now = clock.now();
  await accounts.insertAccount({
    uuid: adminUuid,
    name: 'admin',
    description: undefined,
    type: 'SystemAdmin',
    passwordHash,
    createDate: now,
    lastOpDate: now,
  });
  return password === undefined ? { created: true, password: chosen } : { created: true };
}
