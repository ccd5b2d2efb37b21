import type { Clock } from '../../base/clock.ts';
import type { RandomBytes } from '../../base/random.ts';
import type { Uuid } from '../../base/uuid.ts';
import type { AccountStore } from '../ports.ts';
import { createAccountActions } from './account-actions.ts';
import { createGate } from './gate.ts';
import { hashPassword, passwordDigest } from './password.ts';
import type { Caller } from './sessions.ts';
import { createSharing } from './sharing.ts';
import { createUserActions } from './user-actions.ts';

/** What a change may hold; absent members stay. A changed password ends the sessions of whom it belongs to, but the caller's. */
interface IdentityInput {
  readonly name?: string;
  readonly password?: string;
  readonly description?: string;
}

/** Accounts and users. Everything rejects with ApiError. Passwords: clear, or their SHA-512 in 128 hex digits. */
export interface AccountService {
  createAccount(
    caller: Caller,
    input: {
      readonly name: string;
      readonly password: string;
      readonly type?: 'SystemAdmin' | 'Normal';
      readonly description?: string;
      readonly resourceUuid?: string;
    },
  ): Promise<Uuid>;
  /** Answers the uuid of the account; undefined means the caller's own. */
  updateAccount(caller: Caller, uuid: string | undefined, change: IdentityInput): Promise<Uuid>;
  deleteAccount(caller: Caller, uuid: string): Promise<void>;
  createUser(
    caller: Caller,
    input: {
      readonly name: string;
      readonly password: string;
      readonly kind?: 'Normal' | 'Auditor';
      readonly description?: string;
      readonly resourceUuid?: string;
    },
  ): Promise<Uuid>;
  /** Answers the uuid of the user; undefined means the calling user. */
  updateUser(caller: Caller, uuid: string | undefined, change: IdentityInput): Promise<Uuid>;
  deleteUser(caller: Caller, uuid: string): Promise<void>;
  shareResources(resourceUuids: readonly string[], accountUuids: readonly string[]): Promise<void>;
  /** Takes resources back from these accounts, or (undefined) from all. */
  revokeSharing(resourceUuids: readonly string[], accountUuids: readonly string[] | undefined): Promise<void>;
}

/** What the service needs; `passwordCost` as in ApiOptions. */
interface AccountServiceDeps {
  readonly accounts: AccountStore;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly passwordCost: number;
}

/** What the parts of the service work with. */
export interface AccountTools extends AccountServiceDeps {
  /** The text to store for a password. */
  readonly hash: (password: string) => Promise<string>;
}

/** Builds the service on its store. */
export function createAccountService(deps: AccountServiceDeps): AccountService {
  const { random, passwordCost } = deps;
  // One at a time: scrypt takes threads that file reads of the boot services need too. Jobs may wait.
  const gate = createGate(1, Number.POSITIVE_INFINITY);
  const hashOne = (password: string): Promise<string> =>
    hashPassword(passwordDigest(password), random, passwordCost);
  const tools: AccountTools = {
    ...deps,
    hash: (password) => gate(() => hashOne(password)) ?? hashOne(password),
  };
  return { ...createAccountActions(tools), ...createUserActions(tools), ...createSharing(tools) };
}
