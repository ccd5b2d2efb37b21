import { commandTable, type OptionKind, sectionTable } from './kickstart-table.ts';

/** A command line as pykickstart understands it. */
export interface KickstartCommand {
  readonly name: string;
  readonly options: ReadonlyMap<string, string>;
  readonly positional: readonly string[];
}

export interface KickstartScript {
  readonly kind: 'pre' | 'post' | 'onerror';
  readonly options: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface Kickstart {
  readonly commands: readonly KickstartCommand[];
  readonly packages: readonly string[];
  readonly scripts: readonly KickstartScript[];
  readonly includes: readonly string[];
}

/** Python's str.splitlines(), by which pykickstart makes lines. */
export function splitLines(text: string): string[] {
  // oxlint-disable-next-line no-control-regex -- these controls are the line ends
  return text.split(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/);
}

/** Python's shlex.split(line, comments=True) in POSIX mode. */
export function shlexSplit(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; at += 1) {
    const next = line.charAt(at);
    if (next === '#') break;
    if (/[ \t\r\n]/.test(next)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (next === "'") {
      const end = line.indexOf("'", at + 1);
      if (end === -1) throw new Error('no closing quotation');
      word = (word ?? '') + line.slice(at + 1, end);
      at = end;
    } else if (next === '"') {
      word ??= '';
      for (at += 1; line.charAt(at) !== '"'; at += 1) {
        if (at >= line.length) throw new Error('no closing quotation');
        if (line.charAt(at) === '\\' && /["\\]/.test(line.charAt(at + 1))) at += 1;
        word += line.charAt(at);
      }
    } else if (next === '\\') {
      at += 1;
      if (at >= line.length) throw new Error('no escaped character');
      word = (word ?? '') + line.charAt(at);
    } else {
      word = (word ?? '') + next;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

function readOptions(
  words: readonly string[],
  known: Readonly<Record<string, OptionKind>>,
): Omit<KickstartCommand, 'name'> {
  const options = new Map<string, string>();
  const positional: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (!word.startsWith('-')) {
      positional.push(word);
      continue;
    }
    const cut = word.indexOf('=');
    const name = cut === -1 ? word : word.slice(0, cut);
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === undefined) throw new Error(`no option ${name}`);
    if (options.has(name)) throw new Error(`option ${name} twice`);
    if (kind === 'flag') {
      if (cut !== -1) throw new Error(`option ${name} takes no value`);
      options.set(name, '');
      continue;
    }
    const value = cut === -1 ? words[++at] : word.slice(cut + 1);
    if (value === undefined || value === '') throw new Error(`option ${name} needs a value`);
    if (kind instanceof RegExp && !kind.test(value)) throw new Error(`option ${name}: bad value ${value}`);
    options.set(name, value);
  }
  return { options, positional };
}

function readCommand(line: string): KickstartCommand | undefined {
  const [name, ...words] = shlexSplit(line);
  if (name === undefined) return undefined;
  const rule = Object.hasOwn(commandTable, name) ? commandTable[name] : undefined;
  if (!rule) throw new Error(`no command ${name}`);
  const command = { name, ...readOptions(words, rule.options) };
  const [least, most] = rule.positional(command.options);
  if (command.positional.length < least || command.positional.length > most) {
    throw new Error(`${name} with ${command.positional.length} arguments`);
  }
  const complaint = rule.check?.(command.options);
  if (complaint !== undefined) throw new Error(`${name}: ${complaint}`);
  return command;
}

/**
 * Reads a kickstart as the parsers of RHEL 8 and RHEL 9 both do, knowing only what Rackwright writes; throws with the line number for anything
 * else. `files` are what %include finds; an include of no such file is listed and skipped, as Anaconda does before the %pre scripts.
 */
export function parseKickstart(text: string, files: Readonly<Record<string, string>> = {}): Kickstart {
  const commands: KickstartCommand[] = [];
  const packages: string[] = [];
  const scripts: KickstartScript[] = [];
  const includes: string[] = [];
  let open: { name: string; options: ReadonlyMap<string, string>; lines: string[] } | undefined;

  const begin = (name: string, words: readonly string[]): void => {
    const rule = sectionTable[name];
    if (!rule) throw new Error(`no section ${name}`);
    const { options, positional } = readOptions(words, rule);
    if (positional.length > 0) throw new Error(`${name} takes no arguments`);
    open = { name, options, lines: [] };
  };
  const end = (): void => {
    if (!open) throw new Error('%end without a section');
    const { name, options, lines } = open;
    if (name === '%packages') packages.push(...lines.filter((line) => line.trim() !== ''));
    else
      scripts.push({
        kind: name.slice(1) as KickstartScript['kind'],
        options,
        body: `${lines.join('\n')}\n`,
      });
    open = undefined;
  };
  const read = (line: string): void => {
    const first = line.trim().split(/\s+/)[0] ?? '';
    if (open) {
      // Any line of a script that begins with % is suspect to one parser or another.
      if (first === '%end') end();
      else if (first.startsWith('%')) throw new Error(`${first} within ${open.name}`);
      else open.lines.push(line);
    } else if (first === '%end') {
      end();
    } else if (first === '%include') {
      const path = shlexSplit(line)[1];
      if (path === undefined) throw new Error('%include of nothing');
      includes.push(path);
      const file = files[path];
      if (file !== undefined) for (const included of splitLines(file)) read(included);
    } else if (first.startsWith('%')) {
      const [name = '', ...words] = shlexSplit(line);
      begin(name, words);
    } else {
      const command = readCommand(line);
      if (command) commands.push(command);
    }
  };

  for (const [index, line] of splitLines(text).entries()) {
    try {
      read(line);
    } catch (error) {
      throw new Error(`line ${index + 1}: ${(error as Error).message}: ${line}`, { cause: error });
    }
  }
  if (open) throw new Error(`${open.name} is never closed`);
  const single = commands.map(({ name }) => name).filter((name) => name !== 'network');
  const twice = single.find((name, index) => single.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`${twice} twice`);
  if (single.includes('text') && single.includes('graphical')) throw new Error('text beside graphical');
  return { commands, packages, scripts, includes };
}
