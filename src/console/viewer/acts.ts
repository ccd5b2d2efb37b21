import { assertNever, messageOf } from '../../base/errors.ts';
import { ConsoleError } from '../errors.ts';
import type { ClientMessage, ServerMessage, Viewer } from '../protocol.ts';
import type { ViewerAction } from '../service.ts';
import type { Desk } from './desk.ts';

type Request = Extract<ClientMessage, { readonly request: number }>;

/** Hits in one answer to a search. */
const maxHits = 100;
/** Base64 characters of a picture: some 3 MiB, more than a full HD screen of text. */
const maxPicture = 4 * 1024 * 1024;
/** Requests of one viewer that are under way. */
const maxRequests = 8;

/** What one viewer may do, and with what. */
export interface Acts {
  /** Does what was asked and answers; never rejects. */
  request(message: Request): Promise<ServerMessage>;
  /** Types; undefined when it was taken, else the answer. Never rejects. */
  type(bytes: Uint8Array): Promise<ServerMessage | undefined>;
  /** Nothing for a viewer that may only look; what it means shows in who has the keyboard. */
  keyboard(message: Extract<ClientMessage, { type: 'ask-write' | 'hand-over' | 'keep-write' }>): void;
}

export interface ActsDeps {
  readonly desk: Desk;
  readonly you: Viewer;
  readonly mayType: boolean;
  readonly mayAct: boolean;
  readonly now: () => number;
  /** A ticket for the screen; throws ConsoleError. */
  readonly screenTicket: (viewOnly: boolean) => string;
  readonly power: (action: 'on' | 'off' | 'reset') => Promise<void>;
  /** A picture of the machine as PNG; undefined when there is none of that name. */
  readonly picture: (name: string) => Promise<Uint8Array | undefined>;
  /** Before the end of an action is told. */
  readonly note: (action: ViewerAction) => Promise<void>;
}

/** The text of an error for a viewer; a fault of our own stays in the log. */
const textOf = (error: unknown): string =>
  error instanceof ConsoleError ? messageOf(error) : 'the server could not do this; its log says why';

export function createActs(deps: ActsDeps): Acts {
  const { desk, you, mayType, mayAct, now, screenTicket, power, picture, note } = deps;
  const { hub } = desk;
  let underWay = 0;

  function need(allowed: boolean, what: string): void {
    if (allowed) return;
    throw new ConsoleError(
      'refused',
      `this console is for looking only: ${what} needs one that is not view-only`,
    );
  }

  async function noted(kind: ViewerAction['kind'], work: () => Promise<void>): Promise<void> {
    const beganAt = now();
    let error: unknown;
    try {
      await work();
    } catch (fault) {
      error = fault;
    }
    await note({ kind, error, beganAt });
    if (error !== undefined) throw error;
  }

  async function pictureOf(name: string): Promise<string> {
    const png = await picture(name);
    if (png === undefined)
      throw new ConsoleError('unavailable', 'this picture is not kept any more: the oldest ones go first');
    if (4 * Math.ceil(png.byteLength / 3) > maxPicture) {
      const text = 'this picture is too large for the console; fetch it from the address in the timeline';
      throw new ConsoleError('refused', text);
    }
    return Buffer.from(png.buffer, png.byteOffset, png.byteLength).toString('base64');
  }

  async function answer(message: Request): Promise<ServerMessage> {
    const { request } = message;
    const done: ServerMessage = { type: 'done', request };
    switch (message.type) {
      case 'break':
        need(mayType, 'a break');
        await hub.sendBreak(you.id);
        return done;
      case 'take-over':
        await noted('take-over', async () => {
          need(mayType, 'taking over');
          await hub.takeOver();
        });
        return done;
      case 'power':
        await noted(`power-${message.action}`, async () => {
          need(mayAct, 'switching the power');
          await power(message.action);
        });
        return done;
      case 'open-screen': {
        if (!desk.hasScreen()) throw new ConsoleError('unavailable', 'there is no screen to see now');
        const ticket = screenTicket(!mayType || message.viewOnly === true);
        return { type: 'screen-ticket', request, ticket };
      }
      case 'search': {
        const found = await hub.record.search(message.text, message.before, maxHits);
        return { type: 'found', request, ...found };
      }
      case 'picture':
        return { type: 'picture', request, png: await pictureOf(message.name) };
      default:
        return assertNever(message, 'request');
    }
  }

  return {
    async request(message) {
      const { request } = message;
      if (underWay >= maxRequests) {
        return { type: 'done', request, error: 'too much at once; wait for the answers' };
      }
      underWay += 1;
      try {
        return await answer(message);
      } catch (error) {
        return { type: 'done', request, error: textOf(error) };
      } finally {
        underWay -= 1;
      }
    },
    async type(bytes) {
      try {
        need(mayType, 'typing');
        await hub.type(you.id, bytes);
        return undefined;
      } catch (error) {
        return { type: 'done', request: 0, error: textOf(error) };
      }
    },
    keyboard(message) {
      if (!mayType) return;
      if (message.type === 'ask-write') hub.floor.ask(you);
      else if (message.type === 'keep-write') hub.floor.keep(you.id);
      else hub.floor.handOver(you.id, message.to);
    },
  };
}
