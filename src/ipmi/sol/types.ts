import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { BmcLink } from '../link.ts';
import type { IpmiError } from '../types.ts';

/** The part of a session that serial over LAN uses, and its end. */
export interface SolLink extends Pick<BmcLink, 'run' | 'solPort' | 'onEnd'> {
  /** The console needs the session no more. */
  readonly close: () => Promise<void>;
  /**
   * Instead of `close`, where that does not end the session because others use it: the console may still be active in it and would be in our
   * own way, so that the session itself must end.
   */
  readonly giveUp?: () => Promise<void>;
}

/** Why characters of the machine may be missing before a place. */
export type SolGapReason =
  /** The session was lost meanwhile. */
  | 'reattached'
  /** The BMC lost some: they came faster than it sends. */
  | 'overrun'
  /** The BMC gave up packets that were not acknowledged. */
  | 'skipped'
  /** Older than the scroll-back; only for a reader that asked for them. */
  | 'scrolled-out';

/** What a reader is told. `offset` counts the characters of the stream since it was opened; that of output is of its first character. */
export type SolEvent =
  | { readonly kind: 'output'; readonly offset: number; readonly data: Uint8Array }
  | { readonly kind: 'gap'; readonly offset: number; readonly reason: SolGapReason }
  /** The machine sent a break. */
  | { readonly kind: 'break'; readonly offset: number }
  /** Whether the BMC passes typed characters on; it does not where the machine is off, for example. */
  | { readonly kind: 'availability'; readonly offset: number; readonly available: boolean }
  /** The session is lost; the console is being attached again. */
  | { readonly kind: 'detached'; readonly offset: number; readonly error: IpmiError }
  | { readonly kind: 'attached'; readonly offset: number }
  /** Nothing comes any more; without an error the stream was closed by its owner. */
  | { readonly kind: 'ended'; readonly offset: number; readonly error: IpmiError | undefined };

/** Somebody who watches a console. */
export interface SolReader {
  /** Gets the next event; the one after it waits for the returned promise. The bytes are shared: they must not be changed. */
  readonly receive: (event: SolEvent) => void | Promise<void>;
  /** Called once, and nothing after it, when the reader left too much unread or when `receive` failed. */
  readonly dropped: (reason: 'too-slow' | 'failed') => void;
}

/** An open console of a machine: one owner, any number of readers. */
export interface SolStream {
  /**
   * Gives `reader` all output from now on, or from a byte offset on as far as the scroll-back reaches; the returned function ends that and may
   * be called at any time.
   */
  readonly subscribe: (reader: SolReader, from?: number) => () => void;
  /** Offsets of the first kept character and behind the last one. */
  readonly kept: () => { readonly start: number; readonly end: number };
  /**
   * Types characters; resolves when the BMC took all of them. Rejects with IpmiError: `busy` when too much waits already, `no-answer` when the
   * session is lost (`data.accepted` were taken, `data.mayHaveRun` tells that more may have been), `closed` after the end.
   */
  readonly write: (data: Uint8Array) => Promise<void>;
  /** Sends a serial break; resolves and rejects as `write`. */
  readonly sendBreak: () => Promise<void>;
  /** Deasserts CTS, so that the machine holds its output back, or lets it go on. Resolves and rejects as `write`; forgotten at a re-attachment. */
  readonly pause: (paused: boolean) => Promise<void>;
  /** Throws away what the BMC holds in one direction. Resolves and rejects as `write`. */
  readonly flush: (direction: 'to-machine' | 'from-machine') => Promise<void>;
  /** Deactivates SOL and closes the session; takes as long as a login that is under way. May be called twice. */
  readonly close: () => Promise<void>;
}

export interface SolOptions {
  /** A new session with the BMC, logged in; the stream closes it. Called again after each loss. */
  readonly connect: () => Promise<SolLink>;
  readonly clock: Clock;
  readonly log?: Logger;
  /** Opening ends the console that another session has; attaching again after a loss never does. Default false: opening rejects with `busy`. */
  readonly takeOver?: boolean;
  /** Bytes of output that are kept for readers. Default 256 KiB: several screens of a boot, or one long kernel log. */
  readonly scrollbackBytes?: number;
  /** Unread bytes after which a reader is dropped. Default 1 MiB. */
  readonly backlogBytes?: number;
  readonly timing?: Partial<SolTiming>;
}

/** Milliseconds. */
export interface SolTiming {
  /** Before each try to attach again; the last one holds for all later ones. */
  readonly reattachMs: readonly number[];
  /** After so long without success the stream ends: longer than a BMC takes to restart with new firmware. */
  readonly giveUpMs: number;
  /** "Active in another session" is our own lost session for so long; BMCs drop it after 60 s ± 3 s. IPMI 2.0 §6.12.15 */
  readonly ownSessionMs: number;
  /** Between looks whether SOL is still active: not every BMC tells when somebody else ended it. */
  readonly watchMs: number;
}

export const defaultSolTiming: SolTiming = {
  reattachMs: [500, 1000, 2000, 5000, 10_000],
  giveUpMs: 15 * 60_000,
  ownSessionMs: 75_000,
  watchMs: 20_000,
};
