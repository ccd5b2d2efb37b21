import { type Clock, delay } from '../../base/clock.ts';
import type { ServerMessage } from '../../console/protocol.ts';
import { CliError } from '../errors.ts';
import type { Frame } from './frames.ts';
import { type ConsoleSocket, converse, type Ended } from './link.ts';

/** Pauses between tries, and after how long without a connection it is given up. */
export interface Patience {
  readonly firstMs: number;
  readonly mostMs: number;
  readonly giveUpMs: number;
}

export const patience: Patience = { firstMs: 500, mostMs: 15_000, giveUpMs: 10 * 60_000 };

export interface VisitDeps {
  readonly clock: Clock;
  readonly patience: Patience;
  /** Asks the API for a ticket. Rejects with CliError. */
  readonly access: () => Promise<string>;
  readonly urlOf: (ticket: string) => string;
  readonly opened: (socket: ConsoleSocket) => void;
  readonly frame: (frame: Frame) => void;
  /** The connection is lost, and the next try is in so many ms. */
  readonly lost: (text: string, inMs: number) => void;
  /** The person had enough. */
  readonly isOver: () => boolean;
}

/**
 * Stays at a console across losses of the connection, until the person leaves. Rejects with CliError: what the API refuses, `refused` when
 * the server ends it for good, `unreachable` without a connection at the start or for too long.
 */
export async function visitConsole(deps: VisitDeps): Promise<void> {
  const { clock, access, urlOf, opened, frame, lost, isOver } = deps;
  const { firstMs, mostMs, giveUpMs } = deps.patience;
  let ticket: string | undefined = await access();
  let bye: Extract<ServerMessage, { type: 'bye' }> | undefined;
  let isKnown = false;
  let pauseMs = firstMs;
  let aloneSince = clock.now();
  let socket: ConsoleSocket | undefined;

  const heard = (one: Frame): void => {
    if (one.kind === 'message') {
      const { message } = one;
      if (message.type === 'hello') [ticket, isKnown, pauseMs] = [message.resume, true, firstMs];
      if (message.type === 'bye') bye = message;
    }
    frame(one);
    // Nothing comes behind it, and the server may leave the closing to us.
    if (bye !== undefined) socket?.close();
  };

  async function once(): Promise<Ended> {
    bye = undefined;
    const used = ticket ?? (await access());
    // It opens once only: whatever comes of it, the next try needs another one.
    ticket = undefined;
    return await converse(urlOf(used), clock, {
      opened(one) {
        socket = one;
        opened(one);
      },
      frame: heard,
    });
  }

  for (;;) {
    let ended: Ended;
    try {
      ended = await once();
    } catch (error) {
      const isSilent = error instanceof CliError && error.code === 'unreachable' && isKnown;
      if (!isSilent) throw error;
      ended = { kind: 'unreachable', text: error.message };
    }
    if (isOver()) return;
    if (bye?.final === true) throw new CliError('refused', bye.text);
    if (!isKnown) {
      throw new CliError(
        ended.kind === 'refused' ? 'refused' : 'unreachable',
        `the console cannot be opened: ${ended.text}`,
      );
    }
    if (ended.kind === 'closed') aloneSince = clock.now();
    if (clock.now() - aloneSince > giveUpMs) {
      throw new CliError('unreachable', `the console could not be reached again: ${ended.text}`);
    }
    lost(bye?.text ?? ended.text, pauseMs);
    await delay(clock, pauseMs);
    pauseMs = Math.min(pauseMs * 2, mostMs);
    if (isOver()) return;
  }
}
