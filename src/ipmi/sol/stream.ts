import { IpmiError } from '../types.ts';
import { isInUse } from './activation.ts';
import { asIpmiError, type Attached, attach } from './attach.ts';
import type { Attachment } from './attachment.ts';
import { createFeed } from './feed.ts';
import { defaultSolTiming, type SolOptions, type SolStream } from './types.ts';

/** Faults that another try does not mend. */
const finalCodes: ReadonlySet<string> = new Set([
  'bad-target',
  'auth-failed',
  'suite-refused',
  'privilege',
  'command-failed',
]);

const closed = (): IpmiError => new IpmiError('closed', 'the console was closed; open it again');

/**
 * Opens the console of a machine. It stays open across losses of the session, with a `gap` where output may be missing, until `close`, a
 * fault that no repetition mends, or the end of patience. Rejects with IpmiError: as logging in, and `busy` with `data.consoleInUse` when
 * another session has the console.
 */
export async function openSol(options: SolOptions): Promise<SolStream> {
  const { connect, clock, log, takeOver = false } = options;
  const { scrollbackBytes = 256 * 1024, backlogBytes = 1024 * 1024 } = options;
  const timing = { ...defaultSolTiming, ...options.timing };
  const feed = createFeed(scrollbackBytes, backlogBytes);
  let attachment: Attachment | undefined;
  let sequence = 0;
  let ended: IpmiError | undefined;
  let requestClose = (): void => {};
  const closeRequested = new Promise<undefined>((resolve) => {
    requestClose = () => {
      ended ??= closed();
      resolve(undefined);
    };
  });

  const attachOnce = (mayTakeOver: boolean): Promise<Attached> =>
    attach({
      connect,
      clock,
      takeOver: mayTakeOver,
      sequence,
      watchMs: timing.watchMs,
      news: feed.publish,
    });

  function end(error: IpmiError | undefined): void {
    ended ??= error ?? closed();
    feed.publish({ kind: 'ended', error });
  }

  /** Whether trying again is of no use after `spentMs`. */
  function isFinal(error: IpmiError, spentMs: number): boolean {
    if (isInUse(error)) return spentMs > timing.ownSessionMs;
    return finalCodes.has(error.code) || spentMs > timing.giveUpMs;
  }

  async function wait(ms: number): Promise<void> {
    let cancel = (): void => {};
    const time = new Promise<undefined>((resolve) => {
      cancel = clock.after(ms, () => resolve(undefined));
    });
    await Promise.race([time, closeRequested]);
    cancel();
  }

  /** Tries until it is attached again; undefined when the stream has ended. */
  async function attachAgain(): Promise<Attached | undefined> {
    const since = clock.now();
    for (let tries = 0; ; tries++) {
      await wait(timing.reattachMs[Math.min(tries, timing.reattachMs.length - 1)] ?? 0);
      if (ended) return undefined;
      try {
        // Whoever has the console by now got it after us: to end that was not what the wish was about.
        return await attachOnce(false);
      } catch (error) {
        const fault = asIpmiError(error);
        log?.info({ code: fault.code, tries }, 'could not attach a console again');
        if (!ended && isFinal(fault, clock.now() - since)) end(fault);
      }
    }
  }

  async function live(first: Attached): Promise<void> {
    for (let current: Attached | undefined = first; current !== undefined; ) {
      attachment = current.attachment;
      const loss = ended ? undefined : await Promise.race([current.gone, closeRequested]);
      attachment = undefined;
      sequence = current.attachment.sequence();
      await current.release(loss, loss?.error ?? closed());
      if (loss === undefined || ended) break;
      if (loss.final) return end(loss.error);
      feed.publish({ kind: 'detached', error: loss.error });
      // Told before the first new character can come.
      feed.publish({ kind: 'gap', reason: 'reattached' });
      current = await attachAgain();
      if (current && !ended) feed.publish({ kind: 'attached' });
    }
    feed.publish({ kind: 'ended', error: undefined });
  }

  function send(act: (attachment: Attachment) => Promise<void>): Promise<void> {
    if (attachment && !ended) return act(attachment);
    if (ended)
      return Promise.reject(
        new IpmiError('closed', 'the console has ended; open it again', { cause: ended }),
      );
    const text = 'the console lost its session and is being attached again; try again shortly';
    return Promise.reject(new IpmiError('no-answer', text));
  }

  const living = live(await attachOnce(takeOver));
  return {
    subscribe: feed.subscribe,
    kept: feed.kept,
    write: (data) => send((one) => one.write(data)),
    sendBreak: () => send((one) => one.signal('break')),
    pause: (paused) => send((one) => one.pause(paused)),
    flush: (direction) =>
      send((one) => one.signal(direction === 'to-machine' ? 'flush-to-machine' : 'flush-from-machine')),
    close() {
      requestClose();
      return living;
    },
  };
}
