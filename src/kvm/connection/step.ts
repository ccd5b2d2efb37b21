import { assertNever } from '../../base/errors.ts';

/** Why a host is not connected. Only `login-refused` and `host-key-changed` wait for a person: see `isHeld`. */
export interface Trouble {
  readonly kind: 'unreachable' | 'login-refused' | 'host-key-changed' | 'not-root' | 'unfit';
  /** For people, with what to do. */
  readonly text: string;
}

/** The connection of one host. `failures` counts tries in a row; `trouble` is the last one. */
export interface LinkState {
  readonly phase: 'idle' | 'connecting' | 'connected' | 'waiting' | 'over';
  readonly failures: number;
  readonly trouble: Trouble | undefined;
  /** It was connected and went away by itself: `fresh` less than 30 s ago, `told` when people were told. */
  readonly away: 'no' | 'fresh' | 'told';
}

/** What happens to it. `begin` is the start, or a person's wish to connect anew. `chance` is from 0 to 1. */
export type LinkEvent =
  | { readonly kind: 'begin' }
  | { readonly kind: 'opened' }
  | { readonly kind: 'failed'; readonly trouble: Trouble; readonly chance: number }
  | { readonly kind: 'lost'; readonly why: string; readonly chance: number }
  | { readonly kind: 'retry-due' }
  | { readonly kind: 'away-due' }
  | { readonly kind: 'stop' };

/** What is to be done about it, in this order. */
export type LinkEffect =
  | { readonly kind: 'open' }
  /** Ends the connection, or the try, that there is. */
  | { readonly kind: 'drop' }
  | { readonly kind: 'retry-in'; readonly ms: number }
  | { readonly kind: 'watch-away'; readonly ms: number }
  | { readonly kind: 'cancel-timers' }
  | {
      readonly kind: 'save';
      readonly status: 'Connecting' | 'Connected' | 'Disconnected';
      readonly cause: string | undefined;
    }
  | {
      readonly kind: 'tell';
      readonly notice: 'host-disconnected' | 'host-key-changed';
      readonly text: string;
    };

/** The state before anything happened. */
export const idleLink: LinkState = { phase: 'idle', failures: 0, trouble: undefined, away: 'no' };

/** A host that comes back within this time was restarted or its cable was moved: nobody needs to be told. */
const awayMs = 30_000;
const backOff = { firstMs: 2000, mostMs: 120_000 };

/** Nothing that a machine can do makes these better, and more tries lock the account: a person has to act. */
export function isHeld(trouble: Trouble): boolean {
  return trouble.kind === 'login-refused' || trouble.kind === 'host-key-changed';
}

/** 2 s, doubled by each failure, to 2 min; a random half of it, so that hosts which failed together do not come back together. */
export function pauseMs(failures: number, chance: number): number {
  const full = Math.min(backOff.mostMs, backOff.firstMs * 2 ** Math.min(failures, 10));
  return Math.round(Math.max(backOff.firstMs, full * (0.5 + chance / 2)));
}

/** The next state and what is to be done. What does not fit the phase is late and changes nothing. */
export function stepLink(state: LinkState, event: LinkEvent): readonly [LinkState, readonly LinkEffect[]] {
  if (state.phase === 'over') return [state, []];
  switch (event.kind) {
    case 'begin':
      return [
        { ...state, phase: 'connecting', failures: 0, away: 'no' },
        [
          { kind: 'cancel-timers' },
          { kind: 'drop' },
          { kind: 'save', status: 'Connecting', cause: state.trouble?.text },
          { kind: 'open' },
        ],
      ];
    case 'opened':
      if (state.phase !== 'connecting') return [state, []];
      return [
        { phase: 'connected', failures: 0, trouble: undefined, away: 'no' },
        [{ kind: 'cancel-timers' }, { kind: 'save', status: 'Connected', cause: undefined }],
      ];
    case 'failed':
      if (state.phase !== 'connecting') return [state, []];
      return failed(state, event.trouble, event.chance);
    case 'lost': {
      if (state.phase !== 'connected') return [state, []];
      const trouble = { kind: 'unreachable', text: `the connection was lost: ${event.why}` } as const;
      return [
        { phase: 'waiting', failures: 0, trouble, away: 'fresh' },
        [
          { kind: 'drop' },
          { kind: 'save', status: 'Disconnected', cause: trouble.text },
          { kind: 'watch-away', ms: awayMs },
          { kind: 'retry-in', ms: pauseMs(0, event.chance) },
        ],
      ];
    }
    case 'retry-due':
      if (state.phase !== 'waiting') return [state, []];
      return [
        { ...state, phase: 'connecting' },
        [{ kind: 'save', status: 'Connecting', cause: state.trouble?.text }, { kind: 'open' }],
      ];
    case 'away-due': {
      if (state.away !== 'fresh') return [state, []];
      const text = state.trouble?.text ?? 'the connection was lost';
      return [{ ...state, away: 'told' }, [{ kind: 'tell', notice: 'host-disconnected', text }]];
    }
    case 'stop':
      return [{ ...state, phase: 'over' }, [{ kind: 'cancel-timers' }, { kind: 'drop' }]];
    default:
      return assertNever(event, 'event of a host connection');
  }
}

function failed(
  state: LinkState,
  trouble: Trouble,
  chance: number,
): readonly [LinkState, readonly LinkEffect[]] {
  const failures = state.failures + 1;
  const saved: LinkEffect = { kind: 'save', status: 'Disconnected', cause: trouble.text };
  if (!isHeld(trouble)) {
    return [
      { ...state, phase: 'waiting', failures, trouble },
      [saved, { kind: 'retry-in', ms: pauseMs(failures, chance) }],
    ];
  }
  // A changed key is told as what it is, at once; that the host is away as well needs no second notice.
  const isKey = trouble.kind === 'host-key-changed';
  const told: readonly LinkEffect[] = isKey
    ? [{ kind: 'tell', notice: 'host-key-changed', text: trouble.text }]
    : [];
  const away = isKey && state.away === 'fresh' ? 'told' : state.away;
  return [{ phase: 'waiting', failures, trouble, away }, [saved, ...told]];
}
