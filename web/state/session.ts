import { assertNever } from '../../src/base/errors.ts';
import type { Broken, KeptOutput } from '../../src/console/protocol.ts';
import { acceptOutput, keepOutput, type OutputCursor, restartOutput, wantedFrom } from './output.ts';

/** How the page's connection stands. `over`: it does not come back by itself. */
export type Phase = 'new' | 'connecting' | 'open' | 'waiting' | 'over';

/** The page's connection to one console, over all its WebSockets. */
export interface Session {
  readonly phase: Phase;
  /** Opens the next WebSocket; good once. */
  readonly ticket: string | undefined;
  /** Whether any WebSocket of this page ever worked. */
  readonly greeted: boolean;
  /** Attempts in a row that did not work, and those of them that a server which answers did not want. */
  readonly failures: number;
  readonly refusals: number;
  readonly output: OutputCursor;
  /** Where the record was broken when the page was greeted last. */
  readonly broken?: Broken;
  /** The server's last word, or why there is no way back. */
  readonly text?: string;
}

export type SessionEvent =
  | { readonly kind: 'start' }
  | { readonly kind: 'hello'; readonly ticket: string; readonly kept: KeptOutput }
  | { readonly kind: 'output'; readonly offset: number; readonly length: number }
  | { readonly kind: 'bye'; readonly text: string; readonly final: boolean }
  /** The WebSocket is gone. `reachable`: the page's own server still answers. `dice` is random, 0 to 1. */
  | { readonly kind: 'closed'; readonly reachable: boolean; readonly dice: number }
  /** The pause is over, the network is back, or the person does not want to wait. */
  | { readonly kind: 'due' }
  | { readonly kind: 'show-from'; readonly from: number };

export type SessionEffect =
  | { readonly kind: 'connect'; readonly ticket: string }
  | { readonly kind: 'wait'; readonly ms: number }
  /** For a reload of the page: the ticket, and from where the terminal shows. */
  | { readonly kind: 'keep'; readonly ticket: string; readonly from: number | undefined }
  | { readonly kind: 'forget' }
  | { readonly kind: 'watch'; readonly from: number | undefined }
  /** Output before this offset is of the past: nobody answers its questions any more. */
  | { readonly kind: 'past'; readonly until: number }
  /** The record lost what was shown last; what comes next is in its place. */
  | { readonly kind: 'rewound' }
  | { readonly kind: 'clear' }
  | { readonly kind: 'write'; readonly skip: number; readonly missing: number };

type Step = readonly [Session, readonly SessionEffect[]];

export const noLink = 'This page needs a link. Take a new one: "rackwright console <machine>", or the API.';
const badLink =
  'This link was used already, or it is too old. A link is good once. Take a new one: "rackwright console <machine>", or the API.';
const lostWay =
  'The server does not know this page any more: your session ended, or the server was started again. Take a new link: "rackwright console <machine>", or the API.';

/** The pauses grow to this, ms: people notice a server that is back within half a minute. */
const longestPause = 30_000;
/** A server that is just starting, or full, refuses too; a used ticket is refused each time. */
const refusalsToBelieve = 4;

export function newSession(kept: { readonly ticket: string | undefined; readonly from?: number }): Session {
  return {
    phase: 'new',
    ticket: kept.ticket,
    greeted: kept.from !== undefined,
    failures: 0,
    refusals: 0,
    output: kept.from === undefined ? {} : { start: kept.from },
  };
}

const over = (session: Session, text: string): Step => [
  { ...session, phase: 'over', ticket: undefined, text },
  [{ kind: 'forget' }],
];

/** Pause before attempt number `failures` + 1, ms: half a second, doubling, spread by a quarter so that pages do not come together. */
export function pauseBefore(failures: number, dice: number): number {
  const full = Math.min(longestPause, 500 * 2 ** Math.min(failures, 10));
  return Math.round(full * (0.75 + dice * 0.25));
}

function closed(session: Session, reachable: boolean, dice: number): Step {
  if (session.phase === 'over') return [session, []];
  if (session.phase === 'open') {
    const next: Session = { ...session, phase: 'waiting', failures: 1, refusals: 0 };
    return [next, [{ kind: 'wait', ms: pauseBefore(0, dice) }]];
  }
  const refusals = session.refusals + (reachable ? 1 : 0);
  if (reachable && !session.greeted) return over(session, badLink);
  if (refusals >= refusalsToBelieve) return over(session, lostWay);
  const failures = session.failures + 1;
  return [
    { ...session, phase: 'waiting', failures, refusals },
    [{ kind: 'wait', ms: pauseBefore(failures, dice) }],
  ];
}

/** One step of the connection; decides, does nothing. */
export function stepSession(session: Session, event: SessionEvent): Step {
  const { ticket, output } = session;
  switch (event.kind) {
    case 'start':
    case 'due':
      if (session.phase !== 'new' && session.phase !== 'waiting') return [session, []];
      if (ticket === undefined) return over(session, session.text ?? noLink);
      return [{ ...session, phase: 'connecting' }, [{ kind: 'connect', ticket }]];
    case 'hello': {
      const { text: _, broken: known, ...rest } = session;
      const { broken, end } = event.kept;
      const kept = keepOutput(output, known, event.kept);
      return [
        {
          ...rest,
          phase: 'open',
          ticket: event.ticket,
          greeted: true,
          failures: 0,
          refusals: 0,
          output: kept,
          ...(broken === undefined ? {} : { broken }),
        },
        [
          { kind: 'keep', ticket: event.ticket, from: kept.start },
          { kind: 'past', until: end },
          ...(kept === output ? [] : [{ kind: 'rewound' } as const]),
          { kind: 'watch', from: wantedFrom(kept) },
        ],
      ];
    }
    case 'output': {
      const { cursor, skip, missing } = acceptOutput(output, event.offset, event.length);
      const moved = { ...session, output: cursor };
      const begins = cursor.start !== output.start && ticket !== undefined;
      return [
        moved,
        [
          ...(begins ? [{ kind: 'keep', ticket, from: cursor.start } as const] : []),
          ...(skip < event.length ? [{ kind: 'write', skip, missing } as const] : []),
        ],
      ];
    }
    case 'bye':
      return event.final ? over(session, event.text) : [{ ...session, text: event.text }, []];
    case 'closed':
      return closed(session, event.reachable, event.dice);
    case 'show-from':
      // One at a time: frames do not tell to which question they belong.
      if (output.cut !== undefined) return [session, []];
      return [
        { ...session, output: restartOutput(output, event.from) },
        [
          { kind: 'clear' },
          ...(session.phase === 'open' ? [{ kind: 'watch', from: event.from } as const] : []),
        ],
      ];
    default:
      return assertNever(event);
  }
}
