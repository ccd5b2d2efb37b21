import { assertNever } from '../src/base/errors.ts';
import { announce } from './announce.ts';
import type { Page, PartOfPage } from './context.ts';
import { byId, onClick, setText } from './dom.ts';
import { answered, asking, keyboardOf, type Model } from './state/model.ts';

/** After this the page does not wait for an answer any more, ms; the server's own time is shorter. */
const patience = 60_000;

function wordsFor(model: Model, now: number): string {
  const keyboard = keyboardOf(model);
  const other = model.viewers.find(({ id }) => id === model.writer)?.name ?? 'somebody else';
  switch (keyboard) {
    case 'view-only':
      return 'This link is for looking only.';
    case 'cut-off':
      return model.you === undefined ? '' : 'No connection: nothing can be typed now.';
    case 'closed':
      return 'Nothing can be typed now.';
    case 'mine':
      return 'You have the keyboard.';
    case 'free':
      return 'Nobody has the keyboard: just type.';
    case 'other': {
      const waits = model.askedAt !== undefined && now - model.askedAt < patience;
      return waits ? `You asked ${other} for the keyboard…` : `${other} has the keyboard.`;
    }
    default:
      return assertNever(keyboard);
  }
}

/** Who may type; asking for it, and handing it over. */
export function createKeyboardView(page: Page, focusTerminal: () => void): PartOfPage {
  const { connection } = page;
  const text = byId('keyboard-text', HTMLElement);
  const ask = byId('keyboard-ask', HTMLButtonElement);
  const leave = byId('keyboard-leave', HTMLButtonElement);
  const asked = byId('asked', HTMLElement);
  const askedText = byId('asked-text', HTMLElement);

  onClick(ask, () => {
    if (connection.send({ type: 'ask-write' })) page.change((was) => asking(was, Date.now()));
    focusTerminal();
  });
  onClick(leave, () => {
    connection.send({ type: 'hand-over' });
    ask.focus();
  });
  const answer = (keep: boolean): void => {
    const { asked } = page.model();
    if (asked === undefined) return;
    connection.send(keep ? { type: 'keep-write' } : { type: 'hand-over', to: asked.by.id });
    page.change(answered);
    focusTerminal();
  };
  onClick(byId('asked-give', HTMLElement), () => answer(false));
  onClick(byId('asked-keep', HTMLElement), () => answer(true));
  asked.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') answer(true);
  });

  let told = '';
  return {
    render(model, now) {
      const words = wordsFor(model, now);
      setText(text, words);
      if (words !== told && told !== '') announce(words);
      told = words;
      const keyboard = keyboardOf(model);
      byId('keyboard', HTMLElement).dataset['keyboard'] = keyboard;
      ask.hidden = keyboard !== 'other' && keyboard !== 'free';
      setText(ask, keyboard === 'free' ? 'Take the keyboard' : 'Ask for the keyboard');
      leave.hidden = keyboard !== 'mine' || model.viewers.length < 2;
      const question = model.asked;
      if (asked.hidden && question !== undefined) {
        announce(
          `${question.by.name} asks for the keyboard. Leave the terminal with Ctrl+Alt+Home to answer.`,
        );
      }
      asked.hidden = question === undefined;
      if (question === undefined) return;
      const left = Math.max(0, Math.ceil((question.until - now) / 1000));
      setText(askedText, `${question.by.name} asks for the keyboard and gets it in ${left} s.`);
    },
  };
}
