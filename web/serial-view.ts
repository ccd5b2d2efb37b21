import { assertNever } from '../src/base/errors.ts';
import { tell } from './announce.ts';
import { confirmInPage } from './confirm.ts';
import type { Page, PartOfPage } from './context.ts';
import { byId, onClick, setText } from './dom.ts';
import { isLeaveKey } from './leave-key.ts';
import { keyboardOf, type Keyboard, type Model } from './state/model.ts';
import {
  bytesOfBinary,
  bytesOfText,
  drainMs,
  isReport,
  keyboardChanged,
  nextFrame,
  nothingTyped,
  queued,
  typeInto,
  type TypingStep,
} from './state/typing.ts';
import type { ConsoleTerminal } from './terminal.ts';
import { createTouchKeys } from './touch-keys.ts';
import { size } from './state/words.ts';

function noteOf({ serial, machine }: Model): string {
  switch (serial.state) {
    case 'idle':
    case 'opening':
      return machine === undefined ? 'Connecting…' : 'The serial console is being opened…';
    case 'open':
      return serial.typing ? '' : 'The machine takes no typed characters now.';
    case 'lost':
      return `The way to the machine is lost and is being looked for: ${serial.text}`;
    case 'in-use':
      return serial.text;
    case 'none':
      return `No serial console: ${serial.text}`;
    default:
      return assertNever(serial);
  }
}

/** The serial console: typing, pasting, break, and taking over from somebody outside. */
export function createSerialView(
  page: Page,
  { terminal }: ConsoleTerminal,
): PartOfPage & { readonly refused: (why: string) => void } {
  const { connection, model } = page;
  const note = byId('serial-note', HTMLElement);
  const takeOver = byId('take-over', HTMLButtonElement);
  const breakButton = byId('break', HTMLButtonElement);
  const typingNote = byId('typing', HTMLElement);
  const stop = byId('typing-stop', HTMLButtonElement);
  let typing = nothingTyped;
  let was: Keyboard = 'closed';
  let timer: number | undefined;

  const drain = (): void => {
    timer = undefined;
    const { typing: rest, frame } = nextFrame(typing, model().waiting);
    if (frame !== undefined && connection.type(frame)) typing = rest;
    if (typing.queue.length > 0) timer = setTimeout(drain, drainMs);
    showTyping();
  };
  const carryOut = (step: TypingStep): void => {
    typing = step.typing;
    if (timer === undefined) drain();
    if (step.ask) connection.send({ type: 'ask-write' });
    if (step.refused) tell('That was not typed: you do not have the keyboard.');
  };
  const showTyping = (): void => {
    const left = model().waiting + queued(typing);
    setText(typingNote, left > 0 ? `Typing: ${size(left)} left` : '');
    stop.hidden = typing.queue.length === 0;
  };
  const type = (bytes: Uint8Array): void => {
    if (keyboardOf(model()) === 'cut-off') tell('That was not typed: there is no connection now.');
    else carryOut(typeInto(typing, keyboardOf(model()), bytes));
  };
  onClick(stop, () => {
    typing = nothingTyped;
    showTyping();
    terminal.focus();
  });
  const mine = (): boolean => keyboardOf(model()) === 'mine';
  const withCtrl = createTouchKeys(
    (text) => type(bytesOfText(text)),
    () => terminal.focus(),
  );
  terminal.onData((text) => {
    if (!isReport(text) || mine()) type(bytesOfText(withCtrl(text)));
  });
  terminal.onBinary((text) => {
    if (mine()) type(bytesOfBinary(text));
  });
  terminal.attachCustomKeyEventHandler((event) => {
    if (!isLeaveKey(event)) return true;
    event.preventDefault();
    if (event.type === 'keydown') {
      const asked = byId('asked-give', HTMLElement);
      (byId('asked', HTMLElement).hidden ? byId('tab-serial', HTMLElement) : asked).focus();
    }
    return false;
  });

  onClick(breakButton, () => {
    void connection.ask({ type: 'break' }).then((answer) => {
      if (answer?.type === 'done' && answer.error !== undefined) tell(answer.error);
    });
    terminal.focus();
  });
  onClick(takeOver, () => {
    const name = model().machine?.name ?? 'this machine';
    const question = `Take the console of ${name} over? The other one loses it.`;
    void confirmInPage(question, 'Take over').then(async (yes) => {
      const answer = yes ? await connection.ask({ type: 'take-over' }) : undefined;
      if (answer?.type === 'done' && answer.error !== undefined) tell(answer.error);
    });
  });

  return {
    /** The server did not take what was typed: what follows it must not come without it. */
    refused(why) {
      typing = nothingTyped;
      tell(why);
      showTyping();
    },
    render(model) {
      const { serial } = model;
      const text = noteOf(model);
      note.hidden = text === '';
      note.dataset['state'] = serial.state;
      setText(byId('serial-note-text', HTMLElement), text);
      takeOver.hidden = serial.state !== 'in-use' || !model.mayType;
      const keyboard = keyboardOf(model);
      breakButton.hidden = !(serial.state === 'open' && serial.canBreak) || !model.mayType;
      breakButton.disabled = keyboard !== 'mine';
      if (keyboard !== was) carryOut(keyboardChanged(typing, keyboard));
      was = keyboard;
      terminal.options.disableStdin = keyboard === 'view-only';
      showTyping();
    },
  };
}
