import type { Duplex } from 'node:stream';
import type { Uuid } from '../base/uuid.ts';
import type { ConsoleSubject } from './ports.ts';

/** For whom a console is opened. */
export interface ConsoleCaller {
  readonly accountUuid: string;
  /** The API session; its end ends what it opened. */
  readonly sessionUuid: string;
  /** As people know the caller: account, or account/user. */
  readonly name: string;
  /** May type and use the power. */
  readonly mayAct: boolean;
  /** False for one who may type and not use the power; absent: as `mayAct`. */
  readonly mayPower?: boolean;
}

/** A link for one viewer. */
export interface ConsoleAccess {
  readonly uuid: Uuid;
  readonly subject: ConsoleSubject;
  /** 64 hex digits, good once, for a short time. */
  readonly ticket: string;
  /** ms since the epoch. */
  readonly expiresAt: number;
}

/** A viewer's connection as the room sees it: whole frames in order, text or bytes. */
export interface ViewerChannel {
  /** Resolves when the frame left for the network; never rejects. */
  send(frame: string | Uint8Array): Promise<void>;
  /** Call once, at the start. */
  receive(handlers: {
    readonly frame: (frame: string | Uint8Array) => void;
    readonly closed: () => void;
  }): void;
  /** Sends the closing with a text of at most 120 bytes; may be called twice. */
  close(why: string): void;
}

/** What a viewer did to a machine beyond typing, for the audit log. */
export interface ViewerAction {
  readonly kind: 'power-on' | 'power-off' | 'power-reset' | 'take-over';
  /** The error that it ended with; undefined when it was done. */
  readonly error: unknown;
  readonly beganAt: number;
}

/** What a ticket opened. */
export interface OpenedConsole {
  readonly accountUuid: string;
  /** As people know the caller. */
  readonly name: string;
  readonly subject: ConsoleSubject;
  /** Begins to talk; call it once, or `abandon`. `note` is told of each action before its end is told to the viewer. */
  attach(channel: ViewerChannel, remoteAddress: string, note?: (action: ViewerAction) => Promise<void>): void;
  abandon(): void;
}

/** A screen that a ticket opened: RFB without authentication; its end frees it. */
export interface OpenedScreen {
  readonly accountUuid: string;
  /** As people know the caller. */
  readonly name: string;
  readonly subject: ConsoleSubject;
  readonly stream: Duplex;
}

/** A picture of a screen. */
export interface Screenshot {
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Consoles. Everything rejects with ConsoleError. */
export interface ConsoleService {
  /** A ticket for a viewer. `not-found`, `refused` (too many wait, or viewers). */
  request(
    kind: ConsoleSubject['kind'],
    uuid: string,
    caller: ConsoleCaller,
    options: { readonly viewOnly: boolean },
  ): Promise<ConsoleAccess>;
  /** A ticket for the screen alone, as plain VNC viewers over a WebSocket want it. `unavailable` without a screen. */
  requestScreen(
    kind: ConsoleSubject['kind'],
    uuid: string,
    caller: ConsoleCaller,
    options: { readonly viewOnly: boolean },
  ): Promise<ConsoleAccess>;
  /** Uses a ticket up; undefined when it is unknown, used, expired or of the other kind. */
  open(ticket: string): Promise<OpenedConsole | undefined>;
  openScreen(ticket: string): Promise<OpenedScreen | undefined>;
  /** `unavailable` without a screen. */
  screenshot(kind: ConsoleSubject['kind'], uuid: string): Promise<Screenshot>;
  /** The record of the serial console as it is on disk, from an offset on, in pieces; `unavailable` when there is none. */
  log(
    kind: ConsoleSubject['kind'],
    uuid: string,
    from: number | undefined,
  ): Promise<AsyncIterable<Uint8Array>>;
  /** The last lines since the newest run began, without control characters; '' when nothing was printed, undefined when nobody knows. */
  tail(kind: ConsoleSubject['kind'], uuid: string, maxLines: number): Promise<string | undefined>;
  /** The session ended, or the account: its tickets are worthless, its viewers are sent away. */
  revokeSession(sessionUuid: string): void;
  revokeAccount(accountUuid: string): void;
  /** As these, of accounts that may not see one of these machines any more; one that cannot be asked after may not. Never rejects. */
  revokeUnseen(
    machineUuids: readonly string[],
    maySee: (accountUuid: string) => Promise<boolean>,
  ): Promise<void>;
  /** The server stops: tickets are worthless, viewers are told to come back. Call it before their connections end. */
  dismiss(): void;
  /** The machine is no more: viewers leave, the record goes. Never rejects: what is left of a record is logged, and goes at the next start. */
  forget(kind: ConsoleSubject['kind'], uuid: string): Promise<void>;
}
