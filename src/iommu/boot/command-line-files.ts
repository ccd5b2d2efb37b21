import { splitWords } from './parameters.ts';

/** Where kernel-install takes the command line from. kernel-install(8) */
export const kernelCommandLinePath = '/etc/kernel/cmdline';

/** The text of a file that is one command line, with and without parameters; comments stay. kernel-install(8) */
export function changeCommandLine(
  text: string,
  change: { readonly add: readonly string[]; readonly remove: readonly string[] },
): string {
  const lines = text.split('\n');
  const last = lines.findLastIndex((line) => line.trim() !== '' && !line.startsWith('#'));
  if (last === -1) return change.add.length === 0 ? text : `${text}${change.add.join(' ')}\n`;
  return changeLine(lines, last, (line) => changeWords(line, change)).join('\n');
}

/** The command line that such a file holds. */
export function commandLineWords(text: string): readonly string[] {
  return splitWords(
    text
      .split('\n')
      .filter((line) => !line.startsWith('#'))
      .join(' '),
  );
}

/** The text of a boot entry with its `options` changed; an entry that starts no Linux stays as it is. UAPI.1 Boot Loader Specification */
export function changeEntry(
  text: string,
  change: { readonly add: readonly string[]; readonly remove: readonly string[] },
): string {
  const lines = text.split('\n');
  const linux = lines.findLastIndex((line) => /^\s*linux\s/.test(line));
  if (linux === -1) return text;
  let options = lines.findLastIndex((line) => isOptions(line));
  if (options === -1) {
    if (change.add.length === 0) return text;
    return lines.toSpliced(linux + 1, 0, `options ${change.add.join(' ')}`).join('\n');
  }
  let changed: readonly string[] = lines;
  for (const [index, line] of lines.entries()) {
    if (isOptions(line))
      changed = changeLine(changed, index, (old) => changeWords(old, { add: [], remove: change.remove }));
  }
  options = changed.findLastIndex((line) => isOptions(line));
  return changeLine(changed, options, (line) => changeWords(line, { add: change.add, remove: [] })).join(
    '\n',
  );
}

/** The words of an entry's options; undefined for an entry that starts no Linux. */
export function entryWords(text: string): readonly string[] | undefined {
  const lines = text.split('\n');
  if (!lines.some((line) => /^\s*linux\s/.test(line))) return undefined;
  return lines.filter((line) => isOptions(line)).flatMap((line) => splitWords(line).slice(1));
}

function isOptions(line: string): boolean {
  return /^\s*options(?:\s|$)/.test(line);
}

function changeLine(
  lines: readonly string[],
  index: number,
  change: (line: string) => string,
): readonly string[] {
  return lines.map((line, at) => (at === index ? change(line) : line));
}

/** Spaces between the words that stay are kept as they are. */
function changeWords(
  line: string,
  change: { readonly add: readonly string[]; readonly remove: readonly string[] },
): string {
  let text = line;
  for (const word of change.remove) {
    const at = ` ${text} `.replaceAll('\t', ' ').lastIndexOf(` ${word} `);
    if (at === -1) continue;
    text =
      at === 0
        ? text.slice(word.length).replace(/^[ \t]/, '')
        : text.slice(0, at - 1) + text.slice(at + word.length);
  }
  if (change.add.length === 0) return text;
  const end = text.trimEnd();
  return [end, ...change.add].filter((piece) => piece !== '').join(' ') + text.slice(end.length);
}
