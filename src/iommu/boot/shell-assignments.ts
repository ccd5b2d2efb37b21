/** A variable that a shell file sets: where its value stands in the text. */
export interface Assignment {
  readonly name: string;
  /** `name+=value` */
  readonly append: boolean;
  readonly start: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** How the last piece of the value is quoted. */
  readonly lastQuote: '"' | "'" | '';
}

/** A shell file as far as its assignments go. */
export interface ShellFile {
  readonly assignments: readonly Assignment[];
  /** It has conditions, loops or functions: which assignment counts cannot be said from the text. */
  readonly branches: boolean;
}

const branching = new Set(
  'if then else elif fi case esac for while until do done select function eval unset return exit { } ( )'.split(
    ' ',
  ),
);

/**
 * Finds the assignments of a file that a POSIX shell reads, such as `/etc/default/grub`; undefined when a quote, a substitution or a
 * here-document makes its structure uncertain. POSIX.1-2017 XCU §2.2, §2.9
 */
export function readShellFile(text: string): ShellFile | undefined {
  const assignments: Assignment[] = [];
  let branches = false;
  let at = 0;
  while (at < text.length) {
    const command = readCommand(text, at);
    if (command === undefined) return undefined;
    branches ||= command.branches;
    assignments.push(...command.assignments);
    at = command.end;
  }
  return { assignments, branches };
}

interface Command extends ShellFile {
  readonly end: number;
}

/** One simple command, up to and with what ends it. */
function readCommand(text: string, start: number): Command | undefined {
  const assignments: Assignment[] = [];
  let branches = false;
  let plain = 0;
  let at = start;
  while (at < text.length) {
    const char = text.charAt(at);
    // A carriage return is no blank to a shell: it belongs to the word.
    if (char === ' ' || char === '\t') at += 1;
    else if (text.startsWith('\\\n', at)) at += 2;
    else if (char === '#') at = endOfLine(text, at);
    else if (text.startsWith('<<', at)) return undefined;
    else if (char === '<' || char === '>') at += 1;
    else if (/[\n;&|()]/.test(char)) {
      at += 1;
      if (char === '&' || char === '|' || char === '(' || char === ')') branches = true;
      break;
    } else {
      const word = readWord(text, at);
      if (word === undefined) return undefined;
      const raw = text.slice(at, word.end);
      if (plain === 0 && branching.has(raw)) branches = true;
      const [head, name, plus] = /^([A-Za-z_]\w*)(\+?)=/.exec(raw) ?? [];
      if (head === undefined || name === undefined) plain += raw === 'export' ? 0 : 1;
      else if (plain === 0)
        assignments.push({
          name,
          append: plus === '+',
          start: at,
          valueStart: at + head.length,
          valueEnd: word.end,
          lastQuote: word.lastQuote,
        });
      at = word.end;
    }
  }
  // Before a command an assignment is for that command only.
  return { assignments: plain === 0 ? assignments : [], branches, end: at };
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}

function readWord(text: string, start: number): { end: number; lastQuote: '"' | "'" | '' } | undefined {
  let lastQuote: '"' | "'" | '' = '';
  let at = start;
  while (at < text.length) {
    const char = text.charAt(at);
    if (/[ \t\n;&|<>()]/.test(char)) break;
    const end = skipPiece(text, at);
    if (end === undefined) return undefined;
    lastQuote = char === '"' || char === "'" ? char : '';
    at = end;
  }
  return { end: at, lastQuote };
}

/** The end of the character, escape, quoted text or substitution at `at`; undefined when it does not end. */
function skipPiece(text: string, at: number): number | undefined {
  const char = text.charAt(at);
  // A line that goes on in the middle of a word could hide a variable's name.
  if (char === '\\') return at + 1 < text.length && text.charAt(at + 1) !== '\n' ? at + 2 : undefined;
  if (isDollarQuote(text, at) || setsByExpansion(text, at)) return undefined;
  if (char === "'") return after(text.indexOf("'", at + 1));
  if (char === '"') return skipUntil(text, at + 1, '"');
  if (char === '`') return skipUntil(text, at + 1, '`');
  if (text.startsWith('$(', at)) return skipUntil(text, at + 2, ')');
  if (text.startsWith('${', at)) return skipUntil(text, at + 2, '}');
  return at + 1;
}

/** `${name=value}` sets a variable where none would look for it. */
function setsByExpansion(text: string, at: number): boolean {
  return text.startsWith('${', at) && /^\$\{\w+:?=/.test(text.slice(at, at + 200));
}

/** `$'...'` and `$"..."`: dash and bash read them differently. */
function isDollarQuote(text: string, at: number): boolean {
  return text.startsWith("$'", at) || text.startsWith('$"', at);
}

function after(index: number): number | undefined {
  return index === -1 ? undefined : index + 1;
}

/** Behind the `end` that closes what was opened before `start`. Open ends are kept in a list: a hostile file may nest without limit. */
function skipUntil(text: string, start: number, end: string): number | undefined {
  const open = [end];
  let at = start;
  while (at < text.length) {
    const char = text.charAt(at);
    const closing = open.at(-1);
    if ((closing !== '"' && isDollarQuote(text, at)) || setsByExpansion(text, at)) return undefined;
    if (char === '\\') at += 2;
    else if (char === closing) {
      open.pop();
      at += 1;
      if (open.length === 0) return at;
    } else if (char === "'" && closing !== '"') {
      const behind = after(text.indexOf("'", at + 1));
      if (behind === undefined) return undefined;
      at = behind;
    } else if (char === '"' || char === '`') {
      open.push(char);
      at += 1;
    } else if (text.startsWith('$(', at) || text.startsWith('${', at)) {
      open.push(text.charAt(at + 1) === '(' ? ')' : '}');
      at += 2;
    } else if (char === '(' && closing === ')') {
      open.push(')');
      at += 1;
    } else at += 1;
  }
  return undefined;
}
