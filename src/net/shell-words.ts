import { NetError } from './errors.ts';

/** What no shell gives a meaning to, wherever it stands. */
const plain = /^[A-Za-z0-9_\-./:@%+,]+$/;

/**
 * One command line of a POSIX shell that runs `argv` as it is; SSH gives the host's shell one string. NetError `invalid-argument` for an
 * empty array and for NUL, which no argument can have. POSIX.1-2017 XCU §2.2.2
 */
export function quoteWords(argv: readonly string[]): string {
  if (argv.length === 0)
    throw new NetError('invalid-argument', 'a command needs at least the name of a program');
  return argv.map(quoteWord).join(' ');
}

function quoteWord(word: string): string {
  if (word.includes('\0')) {
    throw new NetError('invalid-argument', 'an argument of a command must not contain a NUL character');
  }
  return plain.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
