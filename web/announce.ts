import { byId, setText } from './dom.ts';

/** Tells people who hear the page what changed; the same text again is not told again. */
export function announce(text: string): void {
  setText(byId('announce', HTMLElement), text);
}

let hide: number | undefined;

/** A short message at the foot of the page, for eyes and ears. */
export function tell(text: string): void {
  const toast = byId('toast', HTMLElement);
  toast.textContent = text;
  toast.hidden = false;
  announce(text);
  clearTimeout(hide);
  hide = setTimeout(() => {
    toast.hidden = true;
  }, 8000);
}
