import { type CipherSuite, suites, suiteWithoutPassword } from '../crypto/suite.ts';
import { type BmcTarget, IpmiError } from '../types.ts';

/** Best first. */
const strong = [17, 3];
const weak = [8, 12, 2, 1];

/**
 * Suites that a login may use, best first: the pinned one, or 17 and 3, and weak ones behind them where the target allows them.
 * IpmiError `bad-target` for a suite that is never used.
 */
export function allowedSuites(
  target: Pick<BmcTarget, 'cipherSuite' | 'allowWeakSuites'>,
): readonly CipherSuite[] {
  const { cipherSuite, allowWeakSuites = false } = target;
  if (cipherSuite === undefined) {
    const ids = allowWeakSuites ? [...strong, ...weak] : strong;
    return [...suites.values()]
      .filter(({ id }) => ids.includes(id))
      .toSorted((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
  }
  const suite = suites.get(cipherSuite);
  if (cipherSuite === suiteWithoutPassword)
    throw new IpmiError(
      'bad-target',
      'cipher suite 0 logs in without a password and is never used; switch it off on the BMC',
    );
  if (suite === undefined)
    throw new IpmiError(
      'bad-target',
      `cipher suite ${cipherSuite} is not supported; use one of ${[...strong, ...weak].join(', ')}`,
    );
  if (suite.weak && !allowWeakSuites)
    throw new IpmiError(
      'bad-target',
      `cipher suite ${cipherSuite} is weak; allow weak suites for this BMC, or use 17 or 3`,
    );
  return [suite];
}

/** The same suites, those first that the BMC lists: boards list suites that they refuse, and take some that they don't list. */
export function preferListed(
  allowed: readonly CipherSuite[],
  listed: readonly number[],
): readonly CipherSuite[] {
  const isListed = ({ id }: CipherSuite): boolean => listed.includes(id);
  return [...allowed.filter(isListed), ...allowed.filter((suite) => !isListed(suite))];
}

/**
 * True for a status by which a BMC refuses the algorithms, not the user: then another suite may be tried. IPMI 2.0 §13.24, table 13-15
 */
export function isSuiteRefusal(status: number): boolean {
  return [0x04, 0x05, 0x06, 0x07, 0x10, 0x11].includes(status);
}
