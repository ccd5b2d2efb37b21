import { byId } from './dom.ts';

/** Keys that a phone's keyboard does not have, as a terminal sends them. ECMA-48 §8.3 */
const keys: Readonly<Record<string, string>> = {
  escape: '\x1b',
  tab: '\t',
  up: '\x1b[A',
  down: '\x1b[B',
  right: '\x1b[C',
  left: '\x1b[D',
};

/** The character with Ctrl held; others stay as they are. */
function withCtrl(text: string): string {
  const code = text.toUpperCase().charCodeAt(0);
  return text.length === 1 && code >= 0x3f && code <= 0x5f
    ? String.fromCharCode(code === 0x3f ? 0x7f : code & 0x1f)
    : text;
}

/** Buttons for Ctrl, Esc, Tab and arrows; the answer applies a held Ctrl to what is typed next. */
export function createTouchKeys(send: (text: string) => void, focus: () => void): (typed: string) => string {
  const box = byId('touch', HTMLElement);
  const ctrl = box.querySelector<HTMLButtonElement>('[data-key="ctrl"]');
  box.hidden = !matchMedia('(pointer: coarse), (max-width: 700px)').matches;
  // The terminal keeps the focus, so that the phone's keyboard stays open.
  box.addEventListener('pointerdown', (event) => event.preventDefault());
  box.addEventListener('click', ({ target }) => {
    const key = target instanceof HTMLElement ? target.dataset['key'] : undefined;
    if (key === 'ctrl') ctrl?.setAttribute('aria-pressed', String(ctrl.ariaPressed !== 'true'));
    else if (key !== undefined) send(keys[key] ?? '');
    focus();
  });
  return (typed) => {
    if (ctrl?.ariaPressed !== 'true') return typed;
    ctrl.ariaPressed = 'false';
    return withCtrl(typed);
  };
}
