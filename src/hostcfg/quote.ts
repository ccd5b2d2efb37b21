import { HostCfgError } from './types.ts';

/**
 * Everything at which some reader ends a line: C0, C1 with NEL, and the Unicode separators. pykickstart splits its input with
 * Python's str.splitlines(), which knows them all. Lone surrogates have no UTF-8 form.
 */
const unquotable = /[\p{Cc}\p{Cs}\u2028\u2029]/u;

/**
 * One word of POSIX shell that means exactly `value` (POSIX.1-2017 XCU §2.2.2), always on one line. Throws HostCfgError for control
 * characters and line separators, which no word on one line can carry.
 */
export function shellQuote(value: string): string {
  if (unquotable.test(value)) {
    throw new HostCfgError('invalid', 'a value has a control character or a line break; remove it');
  }
  if (/^[A-Za-z0-9_@+=:,./-]+$/.test(value)) return value;
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

/**
 * One word of a kickstart command that means exactly `value`. pykickstart splits lines with Python's shlex in POSIX mode with comments,
 * which reads shell words alike; `#` begins a comment even within a word and is quoted. Throws as shellQuote.
 */
export function kickstartQuote(value: string): string {
  return shellQuote(value);
}
