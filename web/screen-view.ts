import type RFB from '@novnc/novnc';
import { announce } from './announce.ts';
import { socketUrl } from './connection.ts';
import type { Page, PartOfPage } from './context.ts';
import { byId, onClick, setText } from './dom.ts';
import { isLeaveKey } from './leave-key.ts';
import { type Model, shownView } from './state/model.ts';
import { pauseBefore } from './state/session.ts';

/** Control_L, Shift_L and Alt_L: the keys that leave the screen were sent down before. X11 keysymdef.h */
const modifiers = [
  [0xffe3, 'ControlLeft'],
  [0xffe1, 'ShiftLeft'],
  [0xffe9, 'AltLeft'],
] as const;

/** The machine's screen, while the page shows it: connects with a ticket of its own, and again after a loss. */
export function createScreenView({ connection, model }: Page): PartOfPage {
  const box = byId('screen-box', HTMLElement);
  const note = byId('screen-note', HTMLElement);
  const lookOnly = byId('look-only', HTMLInputElement);
  const keys = byId('ctrl-alt-del', HTMLButtonElement);
  let screen: RFB | undefined;
  let wanted = false;
  let busy = false;
  let failures = 0;
  let timer: number | undefined;

  const say = (text: string): void => {
    note.hidden = text === '';
    setText(note, text);
    if (text !== '') announce(text);
  };
  const again = (why: string): void => {
    if (!wanted) return;
    say(`${why} The page tries again by itself.`);
    failures += 1;
    clearTimeout(timer);
    timer = setTimeout(() => void open(), pauseBefore(failures, Math.random()));
  };
  const open = async (): Promise<void> => {
    if (busy || screen !== undefined || !wanted || connection.session().phase !== 'open') return;
    busy = true;
    say('Opening the screen…');
    const viewOnly = !model().mayType;
    // noVNC is looked at only when a screen is shown: it probes the browser's video decoders.
    const [{ default: Screen }, answer] = await Promise.all([
      import('@novnc/novnc'),
      connection.ask({ type: 'open-screen', viewOnly }),
    ]);
    busy = false;
    if (answer?.type !== 'screen-ticket') {
      const why = answer?.type === 'done' ? answer.error : undefined;
      again(why ?? 'The screen could not be opened.');
      return;
    }
    if (!wanted) return;
    const opened = new Screen(box, socketUrl(`console-screen/${answer.ticket}`), { shared: true });
    screen = opened;
    opened.scaleViewport = true;
    opened.background = 'transparent';
    opened.showDotCursor = true;
    opened.viewOnly = viewOnly || lookOnly.checked;
    opened.addEventListener('connect', () => {
      failures = 0;
      say('');
      announce('The screen is shown');
      box.dataset['connected'] = 'true';
    });
    opened.addEventListener('disconnect', () => {
      delete box.dataset['connected'];
      if (screen === opened) screen = undefined;
      again('The screen was closed.');
    });
  };
  const close = (): void => {
    clearTimeout(timer);
    screen?.disconnect();
    screen = undefined;
  };

  lookOnly.addEventListener('change', () => {
    if (screen !== undefined) screen.viewOnly = lookOnly.checked || !model().mayType;
  });
  onClick(keys, () => screen?.sendCtrlAltDel());
  box.addEventListener(
    'keydown',
    (event) => {
      if (!isLeaveKey(event)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      for (const [keysym, code] of modifiers) screen?.sendKey(keysym, code, false);
      screen?.blur();
      byId('tab-screen', HTMLElement).focus();
    },
    { capture: true },
  );
  box.tabIndex = 0;
  box.addEventListener('focus', () => screen?.focus());

  return {
    render(now: Model) {
      const should = shownView(now) === 'screen' && connection.session().phase === 'open';
      byId('look-only-label', HTMLElement).hidden = !now.mayType;
      keys.hidden = !now.mayType;
      if (should === wanted) return;
      wanted = should;
      failures = 0;
      if (should) void open();
      else close();
    },
  };
}
