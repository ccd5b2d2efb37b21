import type { Clock } from '../../base/clock.ts';
import { assertNever } from '../../base/errors.ts';
import type { Viewer } from '../protocol.ts';
import type { Floor } from './types.ts';

/** Who has the keyboard and who wants it, in the order of asking. Whoever wants it while nobody has it gets it. */
export interface FloorState {
  readonly writer: Viewer | undefined;
  readonly askers: readonly Viewer[];
  /** When the first of those who ask gets it unless the writer answers; ms since the epoch. */
  readonly until: number | undefined;
}

export type FloorEvent =
  | { readonly kind: 'ask'; readonly viewer: Viewer }
  /** `to` must have asked; without it the first who asked gets it, or nobody. */
  | { readonly kind: 'hand-over'; readonly from: string; readonly to: string | undefined }
  /** The writer answers the first question with no. */
  | { readonly kind: 'keep'; readonly from: string }
  | { readonly kind: 'leave'; readonly viewerId: string }
  /** Time went by. */
  | { readonly kind: 'time' };

export const emptyFloor: FloorState = { writer: undefined, askers: [], until: undefined };

/** What happens to the keyboard at `now`; an event that means nothing changes nothing (the same state comes back). */
export function stepFloor(state: FloorState, event: FloorEvent, now: number, answerMs: number): FloorState {
  const { writer, askers, until } = state;
  switch (event.kind) {
    case 'ask': {
      const { viewer } = event;
      if (writer === undefined) return { ...emptyFloor, writer: viewer };
      if (writer.id === viewer.id || askers.some(({ id }) => id === viewer.id)) return state;
      return { writer, askers: [...askers, viewer], until: until ?? now + answerMs };
    }
    case 'hand-over': {
      if (writer?.id !== event.from) return state;
      const next = event.to === undefined ? askers[0] : askers.find(({ id }) => id === event.to);
      if (next === undefined && event.to !== undefined) return state;
      return given(next, askers, now + answerMs);
    }
    case 'keep':
      if (writer?.id !== event.from || askers.length === 0) return state;
      return questioned(writer, askers.slice(1), now + answerMs);
    case 'leave': {
      if (writer?.id === event.viewerId) return given(askers[0], askers, now + answerMs);
      if (!askers.some(({ id }) => id === event.viewerId)) return state;
      const wasFirst = askers[0]?.id === event.viewerId;
      const left = askers.filter(({ id }) => id !== event.viewerId);
      return questioned(writer, left, wasFirst ? now + answerMs : (until ?? now + answerMs));
    }
    case 'time':
      return until === undefined || now < until ? state : given(askers[0], askers, now + answerMs);
    default:
      return assertNever(event, 'floor event');
  }
}

/** The others who asked go on asking the new writer. */
function given(next: Viewer | undefined, askers: readonly Viewer[], until: number): FloorState {
  return questioned(
    next,
    askers.filter(({ id }) => id !== next?.id),
    until,
  );
}

function questioned(writer: Viewer | undefined, askers: readonly Viewer[], until: number): FloorState {
  return { writer, askers, until: askers.length === 0 ? undefined : until };
}

/** A floor with a clock. */
export interface RunningFloor extends Required<Floor> {
  /** Nobody is asked any more. */
  readonly close: () => void;
}

/** Long enough to look up and press a key, short enough to wait for. */
const usualAnswerMs = 15_000;

/** `changed` is called after every change of the writer or of who asks. */
export function createFloor(clock: Clock, changed: () => void, answerMs = usualAnswerMs): RunningFloor {
  let state = emptyFloor;
  let cancel = (): void => {};

  function happen(event: FloorEvent): void {
    const next = stepFloor(state, event, clock.now(), answerMs);
    if (next === state) return;
    const hadUntil = state.until;
    state = next;
    if (next.until !== hadUntil) schedule();
    changed();
  }

  function schedule(): void {
    cancel();
    const { until } = state;
    cancel = (): void => {};
    if (until === undefined) return;
    cancel = clock.after(Math.max(0, until - clock.now()), () => {
      happen({ kind: 'time' });
      // A clock that was set back: the time is not there yet.
      if (state.until === until) schedule();
    });
  }

  return {
    writer: () => state.writer,
    asked() {
      const by = state.askers[0];
      return by === undefined || state.until === undefined ? undefined : { by, until: state.until };
    },
    ask: (viewer) => happen({ kind: 'ask', viewer }),
    handOver: (from, to) => happen({ kind: 'hand-over', from, to }),
    keep: (from) => happen({ kind: 'keep', from }),
    leave: (viewerId) => happen({ kind: 'leave', viewerId }),
    close: () => cancel(),
  };
}
