/** A login to try. */
export interface SweepCredential {
  readonly username: string;
  readonly password: string;
}

/** What the tries at one BMC were so far. */
export interface TriesSoFar {
  /** Index of the one that was tried last, -1 before. */
  readonly last: number;
  readonly failedUsers: ReadonlySet<string>;
  /** Logins that the BMC refused. */
  readonly failures: number;
}

export const noTries: TriesSoFar = { last: -1, failedUsers: new Set(), failures: 0 };

/** Many BMCs lock a user, some everybody from one address, at the third to fifth failed login. */
const failuresPerBmc = 2;

/**
 * Index of the next credential to try, undefined when none may be: each user fails at most once at a BMC, and all together at most twice
 * unless the sweep is `thorough`.
 */
export function nextCredential(
  credentials: readonly SweepCredential[],
  { last, failedUsers, failures }: TriesSoFar,
  thorough: boolean,
): number | undefined {
  if (!thorough && failures >= failuresPerBmc) return undefined;
  const next = credentials.findIndex(({ username }, at) => at > last && !failedUsers.has(username));
  return next < 0 ? undefined : next;
}

/** The tries with a refused one more; `counted`: the BMC saw it, so that it counts there too. */
export function afterRefusal(
  tries: TriesSoFar,
  index: number,
  username: string,
  counted: boolean,
): TriesSoFar {
  return {
    last: index,
    failedUsers: new Set([...tries.failedUsers, username]),
    failures: tries.failures + (counted ? 1 : 0),
  };
}
