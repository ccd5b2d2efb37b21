import { assertNever } from '../../base/errors.ts';
import {
  type ClientMessage,
  type MachineView,
  protocolVersion,
  type SerialState,
  type ServerMessage,
  type Viewer,
} from '../../console/protocol.ts';
import { CliError } from '../errors.ts';
import { type Escape, type KeyAct, menuHelp } from './keys.ts';

/** Where the output begins that is shown. */
export type From = 'start' | 'run' | 'now';

export interface TalkOptions {
  readonly escape: Escape;
  /** Somebody sits at a terminal. */
  readonly isInteractive: boolean;
  /** Wants to type: not for looking only. */
  readonly wantsKeyboard: boolean;
  /** Ends another one's console once, if there is one. */
  readonly takeOver: boolean;
  readonly from: From | undefined;
}

/** What follows from something: lines for the person, messages for the server. */
export interface Reaction {
  readonly tell: readonly string[];
  readonly send: readonly ClientMessage[];
}

/** The command's side of a console: who has the keyboard, what the machine's line does, what is to be said of it. */
export interface Talk {
  /** Throws CliError `bad-answer` for a server of another age. */
  heard(message: ServerMessage, nextOffset: number | undefined): Reaction;
  /** Everything but typing and leaving. */
  act(act: Exclude<KeyAct, { kind: 'type' | 'quit' }>): Reaction;
  /** Whether typed characters may be sent now. */
  mayType(): boolean;
  /** Somebody types without the keyboard. `keep`: it is worth to keep what was typed until it comes. */
  typedWithout(): Reaction & { readonly keep: boolean };
  /** Bytes typed that the machine has not taken. */
  waiting(): number;
}

const nothing: Reaction = { tell: [], send: [] };
const say = (...tell: readonly string[]): Reaction => ({ tell, send: [] });

const linesOf = ({ name, status, power, run }: MachineView): readonly string[] => [
  `${name} is ${status}, power ${power}`,
  ...(run?.cause === undefined ? [] : [`why it failed: ${run.cause}`]),
];

const markWords = {
  gap: 'output may be missing here',
  detached: 'the console was disconnected',
  left: 'the server closed the console',
  attached: 'the console is connected',
  break: 'break',
  'run-begin': 'a run begins',
  'run-end': 'the run ended',
} as const;

/** Begins with nothing known. */
export function createTalk(options: TalkOptions): Talk {
  const { escape, isInteractive, wantsKeyboard, takeOver, from } = options;
  const key = (letter: string): string => `${escape.text} ${letter}`;
  const requests = new Map<number, string>();
  let hello: Extract<ServerMessage, { type: 'hello' }> | undefined;
  let writer: Viewer | undefined;
  let askedBy: Viewer | undefined;
  let serial: SerialState | undefined;
  /** Of this connection: the keyboard was taken or left alone; and, for a script, asked for since it changed hands. */
  let hasBegun = false;
  let hasAsked = false;
  let lines: readonly string[] = [];
  let hasTakenOver = !takeOver;
  let hasHinted = false;
  let waiting = 0;
  let count = 0;
  /** Marks told at the furthest place: whoever comes back is told those of its place again. */
  let told = { offset: -1, marks: new Set<string>() };

  const mayHave = (): boolean => wantsKeyboard && hello?.mayType === true;
  const isMine = (): boolean => writer !== undefined && writer.id === hello?.you.id;

  function request(
    what: string,
    message: { type: 'break' | 'take-over' } | { type: 'power'; action: 'on' | 'off' | 'reset' },
  ): Reaction {
    count += 1;
    requests.set(count, what);
    return { tell: [], send: [{ ...message, request: count }] };
  }

  function greeted(
    message: Extract<ServerMessage, { type: 'hello' }>,
    nextOffset: number | undefined,
  ): Reaction {
    const { version, machine, kept, mayType } = message;
    if (version !== protocolVersion) {
      const text = `the server speaks version ${version} of consoles, this command ${protocolVersion}; use the command of the server's version`;
      throw new CliError('bad-answer', text);
    }
    const isFirst = hello === undefined;
    hello = message;
    lines = linesOf(machine);
    [writer, askedBy, hasBegun, hasAsked, waiting] = [undefined, undefined, false, false, 0];
    const start = { start: kept.start, run: kept.runStart ?? kept.start, now: kept.end };
    const offset = nextOffset ?? (from === undefined ? undefined : start[from]);
    const send: ClientMessage[] = [{ type: 'watch', ...(offset === undefined ? {} : { from: offset }) }];
    if (!isFirst) return { tell: ['connected again'], send };
    const looking = mayType || !wantsKeyboard ? '' : ', for looking only';
    const keys = isInteractive && escape.byte !== undefined ? `; ${key('q')} leaves, ${key('?')} helps` : '';
    return {
      tell: [
        `console of ${machine.kind} ${machine.name} (${machine.status}, power ${machine.power})${looking}${keys}`,
      ],
      send,
    };
  }

  /** A run's steps change the machine's view too; here only what it comes to is told. */
  function machineSeen(machine: MachineView): Reaction {
    const before = lines;
    lines = linesOf(machine);
    return say(...lines.filter((line) => !before.includes(line)));
  }

  function viewersSeen(message: Extract<ServerMessage, { type: 'viewers' }>): Reaction {
    const before = writer?.id;
    writer = message.viewers.find(({ id }) => id === message.writer);
    if (writer?.id !== before) [askedBy, hasHinted, hasAsked] = [undefined, false, false];
    if (!mayHave()) return nothing;
    const isFree = writer === undefined;
    if (isInteractive && isFree && !hasBegun) {
      hasBegun = true;
      return { tell: [], send: [{ type: 'ask-write' }] };
    }
    hasBegun = true;
    if (writer?.id === before) return nothing;
    if (isMine()) return isInteractive ? say('you have the keyboard') : nothing;
    if (isFree) return say(`nobody has the keyboard now; ${key('w')} takes it`);
    return say(`${writer?.name ?? ''} has the keyboard; ${key('w')} asks for it`);
  }

  function serialSeen(state: SerialState): Reaction {
    const before = serial;
    serial = state;
    switch (state.state) {
      case 'idle':
        return nothing;
      case 'opening':
        return before?.state === 'opening' ? nothing : say('opening the serial console');
      case 'open':
        if (!state.typing) return say('the machine takes no typed characters now');
        return before?.state === 'open' && before.typing ? nothing : say('the serial console is open');
      case 'lost':
        return say(`the serial console is lost and being looked for again: ${state.text}`);
      case 'none':
        return say(`no serial console: ${state.text}`);
      case 'in-use':
        if (hasTakenOver || !mayHave()) {
          return say(`${state.text}${mayHave() && isInteractive ? `; ${key('t')} takes it over` : ''}`);
        }
        hasTakenOver = true;
        return request('take-over', { type: 'take-over' });
      default:
        return nothing;
    }
  }

  function marked({ kind, text, offset, at }: Extract<ServerMessage, { type: 'mark' }>): Reaction {
    if (offset > told.offset) told = { offset, marks: new Set() };
    const name = `${kind} ${at}`;
    if (offset === told.offset && told.marks.has(name)) return nothing;
    told.marks.add(name);
    // Of a loss that happens now the serial console's state has told.
    if (kind === 'detached' && serial?.state === 'lost' && serial.text === text) return nothing;
    const words = markWords[kind] ?? kind;
    return say(text === undefined ? words : `${words}: ${text}`);
  }

  function ended(message: Extract<ServerMessage, { type: 'done' }>): Reaction {
    const what = requests.get(message.request);
    requests.delete(message.request);
    if (message.error !== undefined)
      return say(what === undefined ? message.error : `${what}: ${message.error}`);
    return what === undefined ? nothing : say(`${what}: done`);
  }

  function asked(message: Extract<ServerMessage, { type: 'write-asked' }>): Reaction {
    askedBy = message.by;
    const answer = isInteractive ? `: ${key('h')} hands it over, ${key('k')} keeps it;` : ';';
    return say(
      `${message.by.name} asks for the keyboard${answer} without an answer it goes over in ${message.seconds} s`,
    );
  }

  return {
    heard(message, nextOffset) {
      switch (message.type) {
        case 'hello':
          return greeted(message, nextOffset);
        case 'machine':
          return machineSeen(message.machine);
        case 'viewers':
          return viewersSeen(message);
        case 'serial':
          return serialSeen(message.serial);
        case 'mark':
          return marked(message);
        case 'write-asked':
          return asked(message);
        case 'typing':
          waiting = message.waiting;
          return nothing;
        case 'done':
          return ended(message);
        default:
          return nothing;
      }
    },
    act(act) {
      switch (act.kind) {
        case 'tell':
          return say(act.text);
        case 'help':
          return say(menuHelp(escape.text));
        case 'break':
          return request('break', { type: 'break' });
        case 'take-over':
          return request('take-over', { type: 'take-over' });
        case 'power':
          return request(`power ${act.action}`, { type: 'power', action: act.action });
        case 'ask':
          return isMine()
            ? say('you have the keyboard already')
            : { tell: [], send: [{ type: 'ask-write' }] };
        case 'keep':
          return { tell: [], send: [{ type: 'keep-write' }] };
        case 'hand-over': {
          const to = askedBy === undefined ? {} : { to: askedBy.id };
          return isMine()
            ? { tell: [], send: [{ type: 'hand-over', ...to }] }
            : say('you do not have the keyboard');
        }
        default:
          return assertNever(act, 'key');
      }
    },
    mayType: () => isMine() && serial?.state === 'open' && serial.typing,
    typedWithout() {
      if (isMine() || hello === undefined) return { ...nothing, keep: true };
      // Whoever sits at a terminal asks by a key; a script has none, and waits.
      if (mayHave() && (writer === undefined || !isInteractive)) {
        const send: readonly ClientMessage[] = hasAsked ? [] : [{ type: 'ask-write' }];
        hasAsked = true;
        return { tell: [], send, keep: true };
      }
      const text = mayHave()
        ? `${writer?.name ?? ''} has the keyboard: this was not typed; ${key('w')} asks for it`
        : 'this console is for looking only: this was not typed';
      const tell = hasHinted ? [] : [text];
      hasHinted = true;
      return { tell, send: [], keep: false };
    },
    waiting: () => waiting,
  };
}
