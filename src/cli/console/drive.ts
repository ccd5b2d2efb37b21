import { type Clock, systemClock } from '../../base/clock.ts';
import { type Broken, type KeptOutput, resumeOffset, rewoundText } from '../../console/protocol.ts';
import type { Io } from '../io.ts';
import { atMachine, type Escape, type KeyAct, stepKeys } from './keys.ts';
import type { ConsoleSocket } from './link.ts';
import { createTalk, type From, type Reaction } from './talk.ts';
import { openTerminal } from './terminal.ts';
import { createTypist } from './typist.ts';
import { type Patience, patience, visitConsole } from './visits.ts';

export interface ConsoleOptions {
  readonly io: Io;
  readonly access: () => Promise<string>;
  readonly urlOf: (ticket: string) => string;
  readonly viewOnly: boolean;
  readonly escape: Escape;
  readonly takeOver: boolean;
  /** A file that gets what the machine prints. */
  readonly log: string | undefined;
  readonly from: From | undefined;
  /** Leaves after the end of standard input. */
  readonly exitOnEof: boolean;
  readonly clock?: Clock;
  readonly patience?: Patience;
}

/** Without a terminal, so much of standard input is read ahead; at a terminal, more is thrown away. */
const maxQueued = { piped: 64 * 1024, typed: 1024 * 1024 } as const;
/** After the end of standard input: the machine may still answer. */
const lastWordsMs = { quiet: 1000, most: 30_000 } as const;

/** Joins this terminal and a machine's console until the person or the server ends it. Rejects with CliError. */
export async function runConsole(options: ConsoleOptions): Promise<void> {
  const { io, viewOnly, escape, exitOnEof, clock = systemClock } = options;
  const { stdin } = io;
  let socket: ConsoleSocket | undefined;
  let isOver = false;
  let isPaused = false;
  let nextOffset: number | undefined;
  let broken: Broken | undefined;
  let keys = atMachine;
  let heardAt = clock.now();

  const terminal = openTerminal(io, options.log, {
    drained() {
      isPaused = false;
      socket?.resume();
    },
    broken: () => leave(),
  });
  const { isInteractive } = terminal;
  const talk = createTalk({
    escape: isInteractive ? escape : { byte: undefined, text: escape.text },
    isInteractive,
    wantsKeyboard: !viewOnly,
    takeOver: options.takeOver,
    from: options.from,
  });
  const typist = createTypist({
    clock,
    mayType: () => socket !== undefined && talk.mayType(),
    waiting: () => talk.waiting(),
    send: (bytes) => socket?.send(bytes),
  });

  function leave(): void {
    isOver = true;
    if (socket === undefined) stopWaiting();
    else socket.close();
  }
  let stopWaiting = (): void => {};
  const left = new Promise<void>((resolve) => void (stopWaiting = resolve));

  function follow({ tell, send }: Reaction): void {
    for (const text of tell) terminal.tell(text);
    for (const message of send) socket?.send(message);
  }

  function type(bytes: Uint8Array): void {
    if (!talk.mayType()) {
      const { keep, ...reaction } = talk.typedWithout();
      follow(reaction);
      if (!keep) return;
    }
    if (isInteractive && typist.queued() > maxQueued.typed) {
      return terminal.tell('too much was typed at once; the rest is thrown away');
    }
    typist.push(bytes);
  }

  /** Goes back with a record that lost its end; else its new bytes would pass for those that were shown. */
  function greeted(kept: KeptOutput): void {
    const goesOn = nextOffset && resumeOffset(nextOffset, broken, kept);
    if (goesOn !== nextOffset) terminal.tell(rewoundText);
    [nextOffset, broken] = [goesOn, kept.broken];
  }

  function act(one: KeyAct): void {
    if (one.kind === 'quit') leave();
    else if (one.kind === 'type') type(one.bytes);
    else follow(talk.act(one));
  }

  function read(chunk: unknown): void {
    if (isOver) return;
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array);
    if (!isInteractive) {
      if (viewOnly) return;
      type(bytes);
      if (typist.queued() > maxQueued.piped) stdin.pause();
      return;
    }
    const [next, acts] = stepKeys(keys, bytes, escape.byte);
    keys = next;
    for (const one of acts) act(one);
  }

  /** All was typed, and the machine had its last words. */
  function leaveWhenQuiet(): void {
    const endedAt = clock.now();
    const look = (): void => {
      const now = clock.now();
      if (isOver) return;
      const isTyped = socket !== undefined && typist.queued() === 0 && talk.waiting() === 0;
      if (!isTyped) heardAt = now;
      const isQuiet = now - heardAt >= lastWordsMs.quiet;
      if (isTyped && (isQuiet || now - endedAt >= lastWordsMs.most)) return leave();
      clock.after(lastWordsMs.quiet / 4, look);
    };
    look();
  }

  // Between two connections nothing else keeps the process alive.
  const hold = setInterval(() => {}, 60_000);
  stdin.on('data', read);
  stdin.on('end', () => {
    // A terminal that is gone has nobody at it.
    if (isInteractive) leave();
    else if (exitOnEof) leaveWhenQuiet();
  });
  stdin.resume();

  const visit = visitConsole({
    clock,
    patience: options.patience ?? patience,
    access: options.access,
    urlOf: options.urlOf,
    isOver: () => isOver,
    opened(opened) {
      socket = opened;
      if (isPaused) opened.pause();
      if (isOver) opened.close();
    },
    frame(frame) {
      heardAt = clock.now();
      if (frame.kind === 'output') {
        // What was shown before a loss is not shown twice.
        const known = Math.max(0, (nextOffset ?? frame.offset) - frame.offset);
        const fresh = frame.bytes.subarray(known);
        nextOffset = Math.max(nextOffset ?? 0, frame.offset + frame.bytes.length);
        if (fresh.length === 0 || terminal.write(fresh)) return;
        isPaused = true;
        socket?.pause();
        return;
      }
      if (frame.message.type === 'hello') greeted(frame.message.kept);
      follow(talk.heard(frame.message, nextOffset));
      typist.wake();
      // What was read before the keyboard could be asked for.
      if (!isInteractive && typist.queued() > 0 && !talk.mayType()) follow(talk.typedWithout());
      if (!isInteractive && typist.queued() <= maxQueued.piped / 2) stdin.resume();
    },
    lost(text, inMs) {
      socket = undefined;
      const leaving = isInteractive && escape.byte !== undefined ? `; ${escape.text} q leaves` : '';
      terminal.tell(`${text}; trying again in ${(inMs / 1000).toFixed(1)} s${leaving}`);
    },
  });
  try {
    await Promise.race([visit, left]);
  } finally {
    isOver = true;
    clearInterval(hold);
    stdin.off('data', read);
    terminal.restore();
    visit.catch(() => undefined);
  }
}
