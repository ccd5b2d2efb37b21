/**
 * What a viewer and the server say to each other over a console's WebSocket: JSON texts of these shapes, and bytes. Bytes to the viewer
 * are serial output behind 8 bytes (big-endian) with the offset of the first; bytes to the server are typed characters. Web page and
 * command line import this file: it stays free of everything else.
 */

/** Version of these messages. */
export const protocolVersion = 1;

export interface Viewer {
  readonly id: string;
  /** Account (and user) as people know it, and where from. */
  readonly name: string;
}

/** What of a run a viewer sees; never a token. Times are ms since the epoch. */
export interface RunView {
  readonly uuid: string;
  readonly kind: 'inspect' | 'install';
  readonly stage: string;
  readonly startedAt: number;
  readonly endedAt?: number;
  /** Why it failed, for people. */
  readonly cause?: string;
}

/** The machine beside its console. */
export interface MachineView {
  readonly kind: 'chassis' | 'vm';
  readonly uuid: string;
  readonly name: string;
  /** As the API has it: `Provisioning`, `Running`. */
  readonly status: string;
  readonly power: 'on' | 'off' | 'unknown';
  /** The newest run. */
  readonly run?: RunView;
}

export interface TimelineLine {
  readonly at: number;
  readonly step: string;
  readonly text: string;
  readonly bytes?: number;
}

/** Where the serial line is. */
export type SerialState =
  /** Nobody asked for it yet. */
  | { readonly state: 'idle' }
  | { readonly state: 'opening' }
  | { readonly state: 'open'; readonly typing: boolean; readonly canBreak: boolean }
  /** Lost and being looked for again. */
  | { readonly state: 'lost'; readonly text: string }
  /** Somebody outside has it; `take-over` ends that. */
  | { readonly state: 'in-use'; readonly text: string }
  | { readonly state: 'none'; readonly text: string };

export type ServerMessage =
  /** First of all. `resume` opens this console once more, after a reload or a loss. */
  | {
      readonly type: 'hello';
      readonly version: number;
      readonly you: Viewer;
      readonly machine: MachineView;
      readonly mayType: boolean;
      readonly mayAct: boolean;
      readonly resume: string;
      /** Offsets of the record: what is kept, and where the newest run began. */
      readonly kept: { readonly start: number; readonly end: number; readonly runStart?: number };
    }
  | { readonly type: 'machine'; readonly machine: MachineView }
  /** All lines of a run (`reset`), or those that came. */
  | {
      readonly type: 'timeline';
      readonly runUuid: string;
      readonly reset: boolean;
      readonly lines: readonly TimelineLine[];
    }
  | { readonly type: 'serial'; readonly serial: SerialState }
  | { readonly type: 'screen'; readonly available: boolean }
  /** Answer to `open-screen`: a ticket for `/v1/console-screen/{ticket}`, for RFB bytes without authentication. */
  | { readonly type: 'screen-ticket'; readonly request: number; readonly ticket: string }
  /** Something is missing or happened at this offset; told in order with the bytes. */
  | {
      readonly type: 'mark';
      readonly offset: number;
      readonly at: number;
      readonly kind: 'gap' | 'detached' | 'attached' | 'break' | 'run-begin' | 'run-end';
      readonly text?: string;
    }
  | { readonly type: 'viewers'; readonly viewers: readonly Viewer[]; readonly writer?: string }
  /** To the writer: somebody else wants to type, and gets the keyboard after so many seconds without an answer. */
  | { readonly type: 'write-asked'; readonly by: Viewer; readonly seconds: number }
  /** How much of what was typed or pasted has not reached the machine yet, bytes. */
  | { readonly type: 'typing'; readonly waiting: number }
  /** A resume ticket that replaces the last one. */
  | { readonly type: 'resume'; readonly ticket: string }
  /** End of an action. */
  | { readonly type: 'done'; readonly request: number; readonly error?: string }
  | {
      readonly type: 'found';
      readonly request: number;
      readonly hits: readonly SearchHit[];
      readonly more: boolean;
      /** With `more`: the `before` of the next search; a search may end without a hit. */
      readonly next?: number;
    }
  /** Last of all; a viewer that is told `final` does not come back by itself. */
  | { readonly type: 'bye'; readonly text: string; readonly final: boolean };

/** A line of the record that has the text. */
export interface SearchHit {
  readonly offset: number;
  readonly at?: number;
  readonly line: string;
}

export type ClientMessage =
  /** Wants serial output from this offset on (absent: the last 256 KiB, or the whole newest run if that is less than 4 MiB). */
  | { readonly type: 'watch'; readonly from?: number }
  | { readonly type: 'ask-write' }
  /** To one who asked; without `to`, lets the keyboard lie. */
  | { readonly type: 'hand-over'; readonly to?: string }
  /** The writer keeps the keyboard. */
  | { readonly type: 'keep-write' }
  | { readonly type: 'break'; readonly request: number }
  | { readonly type: 'take-over'; readonly request: number }
  | { readonly type: 'open-screen'; readonly request: number; readonly viewOnly?: boolean }
  | { readonly type: 'power'; readonly request: number; readonly action: 'on' | 'off' | 'reset' }
  | { readonly type: 'search'; readonly request: number; readonly text: string; readonly before?: number };
