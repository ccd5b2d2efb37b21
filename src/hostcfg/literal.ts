import { invalid, shown } from './errors.ts';

/** Longest text that is read: a host with 256 NICs needs less than half of it. */
const maxLength = 131_072;
/** cfgItems needs 4 levels (map, list, object, list of slaves). */
const maxDepth = 8;

const words: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['True', true],
  ['TRUE', true],
  ['false', false],
  ['False', false],
  ['FALSE', false],
  ['null', null],
  ['None', null],
]);

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  a: '\x07',
  v: '\v',
  '\n': '',
};

/** Cursor over the text; nothing is ever evaluated. */
class Literal {
  readonly #text: string;
  readonly #path: string;
  #at = 0;

  constructor(text: string, path: string) {
    this.#text = text;
    this.#path = path;
  }

  whole(): unknown {
    const value = this.#value(0);
    this.#space();
    if (this.#at < this.#text.length) throw this.#fault('more text follows the value');
    return value;
  }

  #value(depth: number): unknown {
    if (depth > maxDepth) throw this.#fault(`more than ${maxDepth} levels deep`);
    this.#space();
    const next = this.#text[this.#at] ?? '';
    if (next === '{') return this.#map(depth);
    if (next === '[') return this.#list(']', depth);
    if (next === '(') return this.#list(')', depth);
    if (next === '"' || next === "'") return this.#quoted(next);
    // Python 2 writes u'...' for unicode text.
    const prefixed = this.#match(/[uU](?=["'])/y);
    if (prefixed !== undefined) return this.#quoted(this.#text[this.#at] ?? '');
    const number = this.#match(/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.:])/y);
    if (number !== undefined) return Number(number);
    const word = this.#match(/[A-Za-z_]\w*/y);
    if (word !== undefined && words.has(word)) return words.get(word);
    throw this.#fault(
      next === ''
        ? 'the text ends too early'
        : `expected a value, found ${shown(word ?? next)}; put texts in quotes`,
    );
  }

  #map(depth: number): Record<string, unknown> {
    // Without a prototype a key such as __proto__ is a key like any other.
    const map = Object.create(null) as Record<string, unknown>;
    this.#at += 1;
    while (!this.#eat('}')) {
      const key = this.#key();
      if (!this.#eat(':')) throw this.#fault(`expected ":" after the key ${shown(key)}`);
      map[key] = this.#value(depth + 1);
      if (!this.#eat(',') && !this.#sees('}')) throw this.#fault('expected "," or "}"');
    }
    return map;
  }

  #key(): string {
    this.#space();
    // Gson, which reads these texts in ZStack, takes names without quotes too.
    const bare = this.#match(/(?![uU]["'])[A-Za-z_]\w*/y);
    if (bare !== undefined) return bare;
    this.#match(/[uU](?=["'])/y);
    const quote = this.#text[this.#at] ?? '';
    if (quote !== '"' && quote !== "'") throw this.#fault('expected a key in quotes');
    return this.#quoted(quote);
  }

  #list(end: string, depth: number): unknown[] {
    const list: unknown[] = [];
    this.#at += 1;
    while (!this.#eat(end)) {
      list.push(this.#value(depth + 1));
      if (!this.#eat(',') && !this.#sees(end)) throw this.#fault(`expected "," or "${end}"`);
    }
    return list;
  }

  #quoted(quote: string): string {
    const start = this.#at;
    this.#at += 1;
    let text = '';
    for (;;) {
      const next = this.#text[this.#at];
      if (next === undefined || next === '\n') {
        this.#at = start;
        throw this.#fault('this quote is never closed');
      }
      this.#at += 1;
      if (next === quote) return text;
      text += next === '\\' ? this.#escape() : next;
    }
  }

  #escape(): string {
    const code = this.#match(/u[\da-fA-F]{4}|x[\da-fA-F]{2}|U00[\da-fA-F]{6}/y);
    if (code !== undefined) {
      const point = Number.parseInt(code.slice(1), 16);
      if (point > 0x10ffff) throw this.#fault('no such character');
      return String.fromCodePoint(point);
    }
    const next = this.#text[this.#at] ?? '';
    this.#at += 1;
    if (next === '"' || next === "'" || next === '\\' || next === '/') return next;
    const plain = escapes[next];
    if (plain === undefined) throw this.#fault('unknown escape after the backslash');
    return plain;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #sees(mark: string): boolean {
    this.#space();
    return this.#text[this.#at] === mark;
  }

  #eat(mark: string): boolean {
    if (!this.#sees(mark)) return false;
    this.#at += 1;
    return true;
  }

  #space(): void {
    this.#match(/\s*/y);
  }

  #fault(text: string): Error {
    return invalid(this.#path, `cannot be read at character ${this.#at + 1}: ${text}`);
  }
}

/**
 * The value of a JSON or Python literal (`{"pxe": true}`, `{'pxe': True, 'ip': None}`, `{u'mac': u'..'}`), without evaluating anything.
 * Maps have no prototype. Throws HostCfgError with `path`, also over 131,072 characters or 8 levels.
 */
export function parseLiteral(text: string, path: string): unknown {
  if (text.length > maxLength) throw invalid(path, `longer than ${maxLength} characters`);
  return new Literal(text, path).whole();
}
