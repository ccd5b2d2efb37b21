import { splitWords } from './parameters.ts';
import { type Assignment, readShellFile, type ShellFile } from './shell-assignments.ts';

/** The file that GRUB's generators read. GNU GRUB manual §6.1 */
export const grubDefaultsPath = '/etc/default/grub';

/** All entries; and the normal ones only, after those. GNU GRUB manual §6.1 */
const names = ['GRUB_CMDLINE_LINUX_DEFAULT', 'GRUB_CMDLINE_LINUX'] as const;
type Name = (typeof names)[number];

/** GRUB's defaults, or why they cannot be edited. */
export type GrubDefaults =
  | {
      readonly kind: 'readable';
      readonly text: string;
      readonly file: ShellFile;
      readonly words: readonly string[];
      readonly variable: Name;
    }
  | { readonly kind: 'unreadable'; readonly why: string };

/** Reads `/etc/default/grub` with the drop-ins that Debian's GRUB reads after it, in their order. */
export function readGrubDefaults(
  text: string,
  dropIns: readonly (readonly [path: string, text: string])[],
): GrubDefaults {
  const file = readShellFile(text);
  if (file === undefined || text.includes('\uFFFD'))
    return {
      kind: 'unreadable',
      why: `${grubDefaultsPath} has quotes or bytes that cannot be read for certain`,
    };
  const overridden = new Set<string>();
  const words = [...names].flatMap((name) => wordsOf(text, file, name));
  for (const [path, content] of dropIns) {
    const dropIn = readShellFile(content);
    if (dropIn === undefined) return { kind: 'unreadable', why: `${path} cannot be read for certain` };
    for (const name of names) {
      words.push(...wordsOf(content, dropIn, name));
      if (dropIn.assignments.some((a) => a.name === name && replaces(content, a))) overridden.add(name);
    }
  }
  const set = names.find((name) => !overridden.has(name) && file.assignments.some((a) => a.name === name));
  const variable =
    set ??
    (overridden.has('GRUB_CMDLINE_LINUX') ? names.find((n) => !overridden.has(n)) : 'GRUB_CMDLINE_LINUX');
  if (variable === undefined)
    return {
      kind: 'unreadable',
      why: 'files in /etc/default/grub.d set the kernel command line anew, whatever /etc/default/grub has',
    };
  return { kind: 'readable', text, file, words, variable };
}

/** The text with the parameters added behind those that are there. Nothing else changes. */
export function addToGrubDefaults(
  defaults: GrubDefaults & { kind: 'readable' },
  parameters: readonly string[],
): string {
  const { text, file, variable } = defaults;
  const added = parameters.join(' ');
  const target = file.assignments.findLast((a) => a.name === variable);
  const after = target === undefined || file.branches ? undefined : insert(text, target, added);
  // What was written must be what is read: anything else, and the line goes to the end, where it counts in any case.
  if (after !== undefined && agrees(after, variable, parameters)) return after;
  const own = target === undefined && !file.branches ? '' : `$${variable} `;
  return `${withLineBreak(text)}${variable}="${own}${added}"\n`;
}

/** The text without the parameters, each once, wherever GRUB's variables have them; a line that added nothing else goes away. */
export function removeFromGrubDefaults(
  defaults: GrubDefaults & { kind: 'readable' },
  parameters: readonly string[],
): string {
  let { text } = defaults;
  for (const parameter of parameters) text = removeOne(text, parameter, defaults.variable);
  return text;
}

/** Takes one out from where it would be added, else from the last place that has it. */
function removeOne(text: string, parameter: string, variable: Name): string {
  const assignments = readShellFile(text)?.assignments.toReversed() ?? [];
  const others = names.filter((name) => name !== variable);
  const targets = [variable, ...others].flatMap((name) => assignments.filter((a) => a.name === name));
  for (const target of targets) {
    const value = text.slice(target.valueStart, target.valueEnd);
    const at = lastWord(value, parameter);
    if (at === undefined) continue;
    const before = value.slice(0, at);
    const behind = value.slice(at + parameter.length);
    // The space that was added with it goes with it.
    const left = /[ \t]$/.test(before) ? before.slice(0, -1) + behind : before + behind.replace(/^[ \t]/, '');
    const line = text.slice(target.start, target.valueStart) + left;
    if (line === `${target.name}="$${target.name}"` && /(?:^|\n)$/.test(text.slice(0, target.start)))
      return text.slice(0, target.start) + text.slice(target.valueEnd).replace(/^[ \t\r]*\n/, '');
    return text.slice(0, target.valueStart) + left + text.slice(target.valueEnd);
  }
  return text;
}

/** Where a parameter stands in a raw value as a word of its own, the last time. */
function lastWord(value: string, parameter: string): number | undefined {
  let at = value.lastIndexOf(parameter);
  while (at !== -1) {
    const before = value.charAt(at - 1);
    const behind = value.charAt(at + parameter.length);
    if (/^[\s"']?$/.test(before) && /^[\s"']?$/.test(behind)) return at;
    at = at === 0 ? -1 : value.lastIndexOf(parameter, at - 1);
  }
  return undefined;
}

function insert(text: string, target: Assignment, added: string): string | undefined {
  const value = text.slice(target.valueStart, target.valueEnd);
  const put = (raw: string): string => text.slice(0, target.valueStart) + raw + text.slice(target.valueEnd);
  if (target.lastQuote !== '') {
    const inside = value.slice(0, -1);
    const space = value.length === 2 || /[ \t\n]$/.test(inside) ? '' : ' ';
    return put(`${inside}${space}${added}${target.lastQuote}`);
  }
  if (value === '') return put(`"${added}"`);
  // A quote behind a dollar sign would be a quote of another kind.
  if (value.endsWith('$')) return undefined;
  return put(/^[\w.,=:/@%+-]+$/.test(value) ? `"${value} ${added}"` : `${value}" ${added}"`);
}

/** The new text is a shell file in which the variable has the parameters last. */
function agrees(after: string, name: Name, parameters: readonly string[]): boolean {
  const file = readShellFile(after);
  if (file === undefined) return false;
  const last = file.assignments.findLast((a) => a.name === name);
  if (last === undefined) return false;
  const words = splitWords(unquoted(after.slice(last.valueStart, last.valueEnd)));
  return parameters.every((parameter, index) => words.at(index - parameters.length) === parameter);
}

/** The words that a variable has at the end of the file. */
function wordsOf(text: string, file: ShellFile, name: string): readonly string[] {
  const own = file.assignments.filter((a) => a.name === name);
  const first = file.branches
    ? 0
    : Math.max(
        0,
        own.findLastIndex((a) => replaces(text, a)),
      );
  return own.slice(first).flatMap((a) => splitWords(unquoted(text.slice(a.valueStart, a.valueEnd))));
}

/** It sets the variable anew and does not build on what it had. */
function replaces(text: string, assignment: Assignment): boolean {
  const value = text.slice(assignment.valueStart, assignment.valueEnd);
  return !assignment.append && !new RegExp(`\\$\\{?${assignment.name}\\b`).test(value);
}

function unquoted(raw: string): string {
  return raw.replaceAll('\\\n', '').replaceAll(/["']/g, '');
}

/** Behind this text a line of its own begins, even where the last one ends as if it went on. */
function withLineBreak(text: string): string {
  const whole = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  return whole.endsWith('\\\n') ? `${whole}\n` : whole;
}
