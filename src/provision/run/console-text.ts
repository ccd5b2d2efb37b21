import type { Run } from '../model.ts';

/** Lines of a console that are kept as evidence, and the length of each. */
const maxLines = 8;
const maxLineLength = 160;

/** More is never looked at: signs of a fault are among the newest lines. */
const maxTail = 65_536;

/** Escape sequences of terminals: CSI, OSC and the short ones. ECMA-48 §5.4, §8.3 */
// oxlint-disable-next-line no-control-regex -- they are made of control characters
const escapes = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])/g;

/** Jumps of the cursor to another place: firmware draws its screens so, without ends of lines. */
// oxlint-disable-next-line no-control-regex -- as above
const jumps = /\x1b\[[0-9;]*[HfABEFd]/g;

// oxlint-disable-next-line no-control-regex -- as above
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** So many digits of a token are a secret: consoles break long lines anywhere. */
const secretDigits = 8;
const hexPieces = /[0-9a-f]{8,}/gi;

/** The end of what a serial console printed, as lines of plain text without the secrets of `run`; blank lines are left out. */
export function plainConsole(
  tail: string,
  run: Pick<Run, 'bootToken' | 'kickstartToken' | 'reportToken'>,
): readonly string[] {
  const secrets = [run.bootToken, run.kickstartToken, run.reportToken];
  return tail
    .slice(-maxTail)
    .replaceAll(jumps, '\n')
    .replaceAll(escapes, '')
    .split(/\r*\n/)
    .map((line) =>
      lastOverprint(line)
        .replaceAll('\t', ' ')
        .replaceAll(controls, '')
        .replaceAll(hexPieces, (piece) => withoutSecrets(piece, secrets))
        .trim(),
    )
    .filter((line) => line !== '');
}

/** The last lines, short enough for a timeline. */
export function newestLines(lines: readonly string[]): readonly string[] {
  return lines.slice(-maxLines).map((line) => {
    return line.length > maxLineLength
      ? `${line.slice(0, maxLineLength - 1).replace(/[\ud800-\udbff]$/, '')}…`
      : line;
  });
}

/** What is left of a line that was written over, as progress bars do. */
function lastOverprint(line: string): string {
  const parts = line.split('\r').filter((part) => part.trim() !== '');
  return parts.at(-1) ?? '';
}

/** Hex digits with each stretch that is of a secret replaced. */
function withoutSecrets(piece: string, secrets: readonly string[]): string {
  const digits = piece.toLowerCase();
  let kept = '';
  for (let at = 0; at < piece.length; ) {
    let end = at + secretDigits;
    const isSecret = (): boolean =>
      end <= piece.length && secrets.some((secret) => secret.includes(digits.slice(at, end)));
    if (isSecret()) {
      while (isSecret()) end++;
      kept += '******';
      at = end - 1;
    } else {
      kept += piece.charAt(at++);
    }
  }
  return kept;
}
