import { PxeError } from '../errors.ts';

/*
 * iPXE has no quoting: a line is cut at white space, a word that begins with # starts a comment, the words || && ; end a
 * command, and ${...} is expanded in every word, also in what an expansion gave. So nothing can be escaped: what means
 * something to iPXE is refused in arguments and replaced in text for people. (iPXE src/core/exec.c, settings.c)
 */

const terminators: ReadonlySet<string> = new Set(['||', '&&', ';']);

/**
 * A kernel argument or URL as it may stand in a script. A value with spaces is put in the double quotes that the kernel's own
 * parser knows (`name="a b"`). Throws PxeError `bad-boot-argument` for what iPXE would change: `${`, control characters,
 * anything beyond ASCII, quotes within, runs of spaces, or a word that iPXE takes for a comment or the end of a command.
 */
export function scriptArgument(argument: string): string {
  const bad = (why: string): PxeError =>
    // The argument itself may be a URL with a token, so the text shows only its name.
    new PxeError('bad-boot-argument', `boot argument ${nameOf(argument)} ${why}`);
  if (argument === '') throw bad('is empty');
  if (/[^\x20-\x7e]/.test(argument)) throw bad('has a character that is not printable ASCII');
  if (/\$\{/.test(argument)) throw bad('has a dollar sign and a brace, which iPXE would expand');
  const quoted = /[ "]/.test(argument) ? withQuotes(argument) : argument;
  if (quoted === undefined) throw bad('has a space outside of name="value", or quotes within');
  const words = quoted.split(' ');
  if (words.includes('')) throw bad('has several spaces in a row, which iPXE would join');
  if (words.some((word) => word.startsWith('#') || terminators.has(word))) {
    throw bad('has a word that iPXE takes for a comment or the end of the command');
  }
  return quoted;
}

/** Text for the machine's console: letters, digits, simple punctuation, single spaces, at most 200 characters; others become `?`. */
export function consoleText(text: string): string {
  const plain = text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[^A-Za-z0-9 .,:_/()@+=-]/g, '?')
    .trim();
  return plain.length > 200 ? `${plain.slice(0, 197)}...` : plain;
}

function withQuotes(argument: string): string | undefined {
  const match = /^([^ ="]+)=("?)([^"]*)\2$/.exec(argument);
  return match === null ? undefined : `${match[1]}="${match[3]}"`;
}

function nameOf(argument: string): string {
  return consoleText(argument.split(/[=:]/)[0] ?? '').slice(0, 40) || '(without a name)';
}
