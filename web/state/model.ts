import { assertNever } from '../../src/base/errors.ts';
import type {
  KeptOutput,
  MachineView,
  SerialState,
  ServerMessage,
  TimelineLine,
  Viewer,
} from '../../src/console/protocol.ts';

export type View = 'serial' | 'screen';
export type Mark = Extract<ServerMessage, { readonly type: 'mark' }>;

/** Everything that the page shows of the console, apart from the output itself. */
export interface Model {
  readonly connected: boolean;
  readonly you?: Viewer;
  readonly machine?: MachineView;
  readonly mayType: boolean;
  readonly mayAct: boolean;
  readonly kept: KeptOutput;
  readonly serial: SerialState;
  readonly screen: boolean;
  /** What the person chose by hand, until there is a new run. */
  readonly chosen?: View;
  readonly viewers: readonly Viewer[];
  readonly writer?: string;
  /** Somebody wants our keyboard, and gets it at `until`, ms since the epoch. */
  readonly asked?: { readonly by: Viewer; readonly until: number };
  /** We asked for the keyboard at this time. */
  readonly askedAt?: number;
  /** Bytes typed and not yet taken by the machine. */
  readonly waiting: number;
  readonly timeline: readonly TimelineLine[];
  /** The run that these lines are of. */
  readonly timelineOf?: string;
  /** Oldest first, each once. */
  readonly marks: readonly Mark[];
}

export const emptyModel: Model = {
  connected: false,
  mayType: false,
  mayAct: false,
  kept: { start: 0, end: 0 },
  serial: { state: 'idle' },
  screen: false,
  viewers: [],
  waiting: 0,
  timeline: [],
  marks: [],
};

/** The timeline may be long; a machine that loops shall not make the page slow. */
const mostLines = 2000;
const mostMarks = 500;

const without = <K extends keyof Model>(model: Model, ...keys: readonly K[]): Omit<Model, K> => {
  const copy: Partial<Model> = { ...model };
  for (const key of keys) delete copy[key];
  return copy as Omit<Model, K>;
};

const withMachine = (model: Model, machine: MachineView): Model => {
  // The lines of a new run may come before or after the machine with it.
  const timeline = machine.run?.uuid === model.timelineOf ? model.timeline : [];
  const next = { ...model, machine, timeline };
  const before = model.machine?.run?.uuid;
  return before === undefined || before === machine.run?.uuid ? next : without(next, 'chosen');
};

/** The console after a message; those that only answer a request, or that belong to the connection, change nothing. */
export function applyMessage(model: Model, message: ServerMessage, now: number): Model {
  switch (message.type) {
    case 'hello': {
      const { you, machine, mayType, mayAct, kept } = message;
      // What we asked, and who asked us, belonged to the connection before.
      const fresh = without(
        { ...model, connected: true, you, mayType, mayAct, kept },
        'asked',
        'askedAt',
        'writer',
      );
      return withMachine({ ...fresh, viewers: [], waiting: 0 }, machine);
    }
    case 'machine':
      return withMachine(model, message.machine);
    case 'timeline': {
      const fresh = message.reset || message.runUuid !== model.timelineOf;
      const lines = fresh ? message.lines : [...model.timeline, ...message.lines];
      return { ...model, timeline: lines.slice(-mostLines), timelineOf: message.runUuid };
    }
    case 'serial':
      return { ...model, serial: message.serial };
    case 'screen':
      return { ...model, screen: message.available };
    case 'mark': {
      const same = (mark: Mark): boolean =>
        mark.offset === message.offset && mark.kind === message.kind && mark.at === message.at;
      if (model.marks.some(same)) return model;
      const marks = [...model.marks, message].toSorted((a, b) => a.at - b.at || a.offset - b.offset);
      return { ...model, marks: marks.slice(-mostMarks) };
    }
    case 'viewers': {
      const { viewers, writer } = message;
      if (writer === model.writer) return { ...model, viewers };
      const cleared = without({ ...model, viewers }, 'asked', 'askedAt', 'writer');
      return writer === undefined ? cleared : { ...cleared, writer };
    }
    case 'write-asked':
      return { ...model, asked: { by: message.by, until: now + message.seconds * 1000 } };
    case 'typing':
      return { ...model, waiting: message.waiting };
    case 'screen-ticket':
    case 'done':
    case 'picture':
    case 'found':
    case 'bye':
      return model;
    default:
      return assertNever(message);
  }
}

/** The connection is gone, for now or for good. */
export const disconnected = (model: Model): Model => ({ ...model, connected: false, waiting: 0 });

export const choose = (model: Model, view: View): Model => ({ ...model, chosen: view });

/** We asked for the keyboard. */
export const asking = (model: Model, now: number): Model => ({ ...model, askedAt: now });

/** We answered the one who asked us. */
export const answered = (model: Model): Model => without(model, 'asked');

/** What to show: what was chosen by hand while it is there, else the screen while there is one. */
export function shownView({ chosen, screen }: Model): View {
  return screen && chosen !== 'serial' ? 'screen' : 'serial';
}

export type Keyboard = 'view-only' | 'cut-off' | 'closed' | 'mine' | 'free' | 'other';

/** Who may type into the serial console now, from our seat. */
export function keyboardOf({ connected, mayType, serial, writer, you }: Model): Keyboard {
  if (!connected) return 'cut-off';
  if (!mayType) return 'view-only';
  if (serial.state !== 'open' || !serial.typing) return 'closed';
  if (writer === undefined) return 'free';
  return writer === you?.id ? 'mine' : 'other';
}

/** Why the newest run failed. */
export const causeOf = ({ machine }: Model): string | undefined => machine?.run?.cause;
