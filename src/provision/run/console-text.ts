import type { Run } from '../model.ts';

/** Lines of a console that are kept as evidence, and the length of each. */
const maxLines = 8;
const maxLineLength = 160;

/** More is never looked at: signs of a fault are among the newest lines. */
const maxTail = 65_536;

/** So many digits of a token are a secret: consoles break long lines anywhere. */
const secretDigits = 8;
const hexPieces = /[0-9a-f]{8,}/gi;

/** The end of what a serial console printed, as lines without the secrets of `run`; blank lines are left out. */
export function secretlessLines(
  tail: string,
  run: Pick<Run, 'bootToken' | 'kickstartToken' | 'reportToken'>,
): readonly string[] {
  const secrets = [run.bootToken, run.kickstartToken, run.reportToken];
  return tail
    .slice(-maxTail)
    .split('\n')
    .map((line) => line.replaceAll(hexPieces, (piece) => withoutSecrets(piece, secrets)).trim())
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
