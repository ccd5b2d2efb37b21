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
  /** A picture of the screen at this time, to be asked for by `picture`. */
  readonly picture?: string;
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

/** A place behind which the server that wrote the record died: what it had sent to viewers from there on may be lost. */
export interface Broken {
  readonly offset: number;
  readonly at: number;
}

/** Offsets of a record: what is kept, where the newest run began, and the newest place where it is broken. */
export interface KeptOutput {
  readonly start: number;
  readonly end: number;
  readonly runStart?: number;
  readonly broken?: Broken;
}

/** Where a viewer goes on that has all before `next`, and knew of the place `known`: there, or where the record lost what the viewer has. */
export function resumeOffset(next: number, known: Broken | undefined, { end, broken }: KeptOutput): number {
  const isNews = broken !== undefined && (broken.at !== known?.at || broken.offset !== known.offset);
  return Math.min(next, end, isNews ? broken.offset : next);
}

/** What a viewer is told for whom that is not where it was. */
export const rewoundText =
  'the server lost the end of its record when it was stopped: what follows comes in place of some of what is above';

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
      readonly kept: KeptOutput;
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
  /** Something is missing or happened at this offset; told in order with the bytes. `left`: the server closed the line in order, `text` says why. */
  | {
      readonly type: 'mark';
      readonly offset: number;
      readonly at: number;
      readonly kind: 'gap' | 'detached' | 'left' | 'attached' | 'break' | 'run-begin' | 'run-end';
      readonly text?: string;
    }
  | { readonly type: 'viewers'; readonly viewers: readonly Viewer[]; readonly writer?: string }
  /** To the writer: somebody else wants to type, and gets the keyboard after so many seconds without an answer. */
  | { readonly type: 'write-asked'; readonly by: Viewer; readonly seconds: number }
  /** To the writer: how much of what was typed or pasted has not reached the machine yet, bytes. */
  | { readonly type: 'typing'; readonly waiting: number }
  /** End of an action. Request 0 with an error, unasked: what was typed did not reach the machine, and why; typing that was taken is not told. */
  | { readonly type: 'done'; readonly request: number; readonly error?: string }
  /** Answer to `picture`: a PNG in base64, at most 4 MiB of it, for an address `data:image/png;base64,`. */
  | { readonly type: 'picture'; readonly request: number; readonly png: string }
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
  | { readonly type: 'search'; readonly request: number; readonly text: string; readonly before?: number }
  /** The picture of a timeline's line, of this machine only; a viewer asks for one at a time. */
  | { readonly type: 'picture'; readonly request: number; readonly name: string };
