/** Splits a command line that `quoteWords` made: plain words and single-quoted texts, the only forms that it uses. */
export function splitLine(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const char = line[at] as string;
    if (char === ' ') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === "'") {
      const end = line.indexOf("'", at + 1);
      word = (word ?? '') + line.slice(at + 1, end);
      at = end;
    } else {
      if (char === '\\') at++;
      word = (word ?? '') + (line[at] ?? '');
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** The command inside: without sudo, deadline and lifeline. */
export function innerCommand(argv: readonly string[]): readonly string[] {
  if (argv[0] === 'sudo') return innerCommand(argv.slice(3));
  if (argv[0] === 'timeout') return innerCommand(argv.slice(4));
  return argv[0] === 'sh' && argv[3] === 'lifeline' ? argv.slice(4) : argv;
}
