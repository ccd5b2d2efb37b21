import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { ConsoleError } from '../errors.ts';
import { createListeners } from '../listeners.ts';
import type { SerialState } from '../protocol.ts';
import { createFloor } from './floor.ts';
import { createRetries } from './retries.ts';
import { openSession, type OpenLine, type Session } from './session.ts';
import type { SerialHub, SerialRecord } from './types.ts';

export interface SerialHubOptions {
  /** Gets what the line tells; it stays open when the hub is closed. */
  readonly record: SerialRecord;
  /** Opens the machine's line, as Machines `openSerial`. */
  readonly open: OpenLine;
  readonly clock: Clock;
  readonly log: Logger;
  /** Pace of what is typed. Default 11520: 115200 baud with 8 data bits and one stop bit. */
  readonly bytesPerSecond?: number;
  /** How long the line stays open behind the last hold: a reload of a page must not end a session. Default 30 s. */
  readonly lingerMs?: number;
}

/** A line that lived so long was a good one: the pauses begin anew. */
const goodLineMs = 60_000;
/** A machine that neither opens nor gives back its line must not hold up the end of the server, or of the machine. */
const closeMs = 5000;

/** One serial line for everybody who holds it; see SerialHub. It opens nothing before the first hold. */
export function createSerialHub(options: SerialHubOptions): SerialHub {
  const { record, open, clock, log, bytesPerSecond = 11_520, lingerMs = 30_000 } = options;
  const { tell, onChange } = createListeners();
  let session: Session | undefined;
  /** What is shown while there is no session. */
  let resting: SerialState = { state: 'idle' };
  let connecting: Promise<void> | undefined;
  let leaving: Promise<void> = Promise.resolve();
  let holds = 0;
  let isLingering = false;
  let isClosed = false;
  let cancelLinger = (): void => {};

  let writerId: string | undefined;
  const floor = createFloor(clock, () => {
    const id = floor.writer()?.id;
    if (id !== writerId) session?.drop(new ConsoleError('refused', 'the keyboard went to somebody else'));
    writerId = id;
    tell();
  });

  const isWanted = (): boolean => !isClosed && (holds > 0 || isLingering);

  function rest(state: SerialState): void {
    resting = state;
    tell();
  }

  const retries = createRetries(clock, () => {
    if (holds > 0) void connect(false).catch(() => undefined);
  });

  /** Another try later, while anybody holds. */
  function tryAgain(state: SerialState): void {
    retries.failed();
    if (isClosed || holds === 0) return rest({ state: 'idle' });
    rest(state);
    retries.plan(state.state === 'in-use');
  }

  function lost(ended: Session, text: string | undefined): void {
    if (session !== ended) return;
    session = undefined;
    if (clock.now() - ended.since >= goodLineMs) retries.forget();
    leaving = ended.close();
    tryAgain({ state: 'lost', text: text ?? 'the machine closed its console' });
  }

  async function connectOnce(takeOver: boolean): Promise<void> {
    retries.cancel();
    rest({ state: 'opening' });
    // The machine has one line: ours must be given back first.
    await leaving;
    if (isClosed) {
      rest({ state: 'idle' });
      throw closedError();
    }
    try {
      const opened = await openSession({
        open,
        takeOver,
        record,
        clock,
        bytesPerSecond,
        changed: tell,
        ended: lost,
      });
      if (!isWanted()) {
        leaving = opened.close(unwatchedText);
        await leaving;
        return rest({ state: 'idle' });
      }
      const over = opened.ended();
      if (over !== undefined) {
        leaving = opened.close();
        throw new ConsoleError('failed', over.text ?? 'the machine closed its console at once');
      }
      session = opened;
      rest({ state: 'idle' });
    } catch (error) {
      const fault = asConsoleError(error);
      log.info(
        { code: fault.code, tries: retries.count(), err: fault.message },
        'a serial console could not be opened',
      );
      tryAgain(stateOf(fault));
      throw fault;
    }
  }

  function connect(takeOver: boolean): Promise<void> {
    connecting ??= connectOnce(takeOver).finally(() => {
      connecting = undefined;
    });
    return connecting;
  }

  async function leave(why: string): Promise<void> {
    const left = session;
    session = undefined;
    retries.forget();
    if (left !== undefined) leaving = left.close(why);
    if (connecting === undefined) rest({ state: 'idle' });
    await leaving;
  }

  function linger(): void {
    cancelLinger();
    isLingering = true;
    cancelLinger = clock.after(lingerMs, () => {
      isLingering = false;
      if (holds === 0) void leave(unwatchedText);
    });
  }

  function release(): void {
    holds -= 1;
    if (holds > 0 || isClosed) return;
    linger();
    retries.cancel();
    if (session === undefined && connecting === undefined) rest({ state: 'idle' });
  }

  /** Tries for somebody who comes. */
  function tryNow(): void {
    if (session !== undefined || connecting !== undefined || resting.state === 'in-use' || isClosed) return;
    if (retries.hurry()) return void connect(false).catch(() => undefined);
    if (resting.state === 'idle') rest({ state: 'opening' });
  }

  /** The line for somebody who has the keyboard. */
  function lineFor(viewerId: string): Session {
    if (floor.writer()?.id !== viewerId)
      throw new ConsoleError('refused', 'somebody else has the keyboard, or nobody; ask for it first');
    if (session === undefined || session.state().state !== 'open')
      throw new ConsoleError('unavailable', 'the serial console is not open now; wait until it is');
    floor.keep(viewerId);
    return session;
  }

  return {
    record,
    floor,
    state: () => session?.state() ?? resting,
    hold() {
      holds += 1;
      cancelLinger();
      isLingering = false;
      tryNow();
      let isReleased = false;
      return () => {
        if (isReleased) return;
        isReleased = true;
        release();
      };
    },
    async takeOver() {
      // What is under way may end with the line being ours, or show whose it is.
      for (let busy = connecting; busy !== undefined; busy = connecting) await busy.catch(() => undefined);
      if (isClosed) throw closedError();
      if (session?.state().state === 'open') return;
      if (holds === 0) linger();
      const stale = session;
      session = undefined;
      if (stale !== undefined) leaving = stale.close('the console is taken over');
      await connect(true);
    },
    async type(viewerId, bytes) {
      await lineFor(viewerId).type(bytes);
    },
    async sendBreak(viewerId) {
      await lineFor(viewerId).sendBreak();
    },
    waiting: () => session?.waiting() ?? 0,
    onChange,
    async close() {
      isClosed = true;
      retries.cancel();
      cancelLinger();
      floor.close();
      const left = async (): Promise<void> => {
        // A line that is opened still is closed when it comes, however late.
        await connecting?.catch(() => undefined);
        await leave('what is printed from here on is not recorded');
      };
      await atMost(closeMs, clock, left());
    },
  };
}

/** Waits for work that never rejects, but not for ever; it goes on alone then. */
async function atMost(ms: number, clock: Clock, work: Promise<void>): Promise<void> {
  let stop = (): void => {};
  const late = new Promise<void>((resolve) => {
    stop = clock.after(ms, resolve);
  });
  await Promise.race([work, late]);
  stop();
}

const closedError = (): ConsoleError =>
  new ConsoleError('unavailable', 'this console was closed; open it again');

const unwatchedText = 'nobody watches any more: what is printed from here on is not recorded';

function asConsoleError(error: unknown): ConsoleError {
  return error instanceof ConsoleError
    ? error
    : new ConsoleError('failed', messageOf(error), { cause: error });
}

function stateOf({ code, message: text }: ConsoleError): SerialState {
  if (code === 'in-use') return { state: 'in-use', text };
  if (code === 'unavailable' || code === 'not-found') return { state: 'none', text };
  return { state: 'lost', text };
}
