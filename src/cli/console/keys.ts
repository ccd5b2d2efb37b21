import { CliError } from '../errors.ts';

/** What the person at the keyboard wants. */
export type KeyAct =
  | { readonly kind: 'type'; readonly bytes: Uint8Array }
  | { readonly kind: 'quit' }
  | { readonly kind: 'break' | 'ask' | 'hand-over' | 'keep' | 'take-over' | 'help' }
  | { readonly kind: 'power'; readonly action: 'on' | 'off' | 'reset' }
  | { readonly kind: 'tell'; readonly text: string };

/** Where the keyboard is: at the machine, or in the menu behind the escape character. */
export type KeyState =
  | { readonly at: 'machine' }
  | { readonly at: 'menu' }
  | { readonly at: 'power' }
  | { readonly at: 'confirm'; readonly action: 'on' | 'off' | 'reset' };

export const atMachine: KeyState = { at: 'machine' };

const menu: Readonly<Record<string, Exclude<KeyAct['kind'], 'type' | 'power' | 'tell'>>> = {
  q: 'quit',
  b: 'break',
  w: 'ask',
  h: 'hand-over',
  k: 'keep',
  t: 'take-over',
  '?': 'help',
};
const powerKeys: Readonly<Record<string, 'on' | 'off' | 'reset'>> = { o: 'on', f: 'off', r: 'reset' };

/** What the menu can do, in one line; `escape` is the character as people write it. */
export function menuHelp(escape: string): string {
  return `after ${escape}: q leave, b break, w ask for the keyboard, h hand it over, k keep it, t take the console over, p power, ${escape} itself, ? this`;
}

/** One key in the menu. */
function choose(state: KeyState, key: number, escape: number): readonly [KeyState, readonly KeyAct[]] {
  const letter = String.fromCharCode(key).toLowerCase();
  if (state.at === 'power') {
    const action = powerKeys[letter];
    if (action === undefined) return [atMachine, [{ kind: 'tell', text: 'the power stays as it is' }]];
    return [{ at: 'confirm', action }, [{ kind: 'tell', text: `power ${action}: press y to do it` }]];
  }
  if (state.at === 'confirm') {
    if (letter === 'y') return [atMachine, [{ kind: 'power', action: state.action }]];
    return [atMachine, [{ kind: 'tell', text: 'the power stays as it is' }]];
  }
  if (key === escape) return [atMachine, [{ kind: 'type', bytes: Uint8Array.of(key) }]];
  if (letter === 'p') {
    return [
      { at: 'power' },
      [{ kind: 'tell', text: 'power: o on, f off, r reset, any other key leaves it' }],
    ];
  }
  const kind = menu[letter];
  return [atMachine, [kind === undefined ? { kind: 'tell', text: 'no such key; ? lists them' } : { kind }]];
}

/** Bytes from the keyboard. `escape` undefined: everything is for the machine. */
export function stepKeys(
  state: KeyState,
  bytes: Uint8Array,
  escape: number | undefined,
): readonly [KeyState, readonly KeyAct[]] {
  const acts: KeyAct[] = [];
  let now = state;
  let from = 0;
  const typed = (to: number): void => {
    if (to > from) acts.push({ kind: 'type', bytes: bytes.slice(from, to) });
  };
  for (const [at, byte] of bytes.entries()) {
    if (now.at === 'machine') {
      if (byte !== escape) continue;
      typed(at);
      now = { at: 'menu' };
    } else {
      const [next, chosen] = choose(now, byte, escape ?? -1);
      acts.push(...chosen);
      now = next;
    }
    from = at + 1;
  }
  if (now.at === 'machine') typed(bytes.length);
  return [now, acts];
}

/** An escape character as people write it. */
export interface Escape {
  /** Undefined: there is none. */
  readonly byte: number | undefined;
  readonly text: string;
}

/** Reads `^]`, one printable character, or `none`. Throws CliError `usage`. */
export function parseEscape(text: string): Escape {
  if (text === 'none') return { byte: undefined, text };
  const control = /^\^([@-_a-z])$/.exec(text)?.[1];
  if (control !== undefined)
    return { byte: control.toUpperCase().charCodeAt(0) - 64, text: text.toUpperCase() };
  if (/^[!-~]$/.test(text)) return { byte: text.charCodeAt(0), text };
  throw new CliError('usage', '--escape takes one character, a control character such as ^], or none');
}
