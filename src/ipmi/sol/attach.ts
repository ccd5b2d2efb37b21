import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { IpmiError } from '../types.ts';
import { activateSol, deactivateSol, isSolActive } from './activation.ts';
import { type Attachment, attachSol } from './attachment.ts';
import type { SolNews } from './feed.ts';
import type { SolLink } from './types.ts';

/** Why an attachment is over; a final one is not to be attached again. */
export interface SolLoss {
  readonly error: IpmiError;
  readonly final: boolean;
}

/** A session in which serial over LAN is active. */
export interface Attached {
  readonly attachment: Attachment;
  /** Resolves when nothing comes any more; never when `release` was first. */
  readonly gone: Promise<SolLoss>;
  /** Rejects what waits, deactivates SOL unless it was lost, and closes the session. */
  readonly release: (loss: SolLoss | undefined, error: IpmiError) => Promise<void>;
}

export interface AttachOptions {
  readonly connect: () => Promise<SolLink>;
  readonly clock: Clock;
  readonly takeOver: boolean;
  /** Last packet number that was used towards this BMC: some keep theirs over activations and would take a new 1 for a copy. */
  readonly sequence: number;
  readonly watchMs: number;
  readonly news: (news: SolNews) => void;
}

const deactivateMs = 1000;

/** Anything thrown as an IpmiError; what others threw is taken for a fault of the network. */
export const asIpmiError = (error: unknown): IpmiError =>
  error instanceof IpmiError ? error : new IpmiError('no-answer', messageOf(error), { cause: error });

const endedThere = (): SolLoss => ({
  error: new IpmiError(
    'closed',
    'serial over LAN was ended on the BMC, maybe by another console; open it again',
  ),
  final: true,
});

/** Logs in and activates serial over LAN. Rejects with IpmiError, and leaves no session behind then. */
export async function attach(options: AttachOptions): Promise<Attached> {
  const { clock, takeOver, sequence, watchMs, news } = options;
  const link = await options.connect();
  let loss: SolLoss | undefined;
  let tell: (loss: SolLoss) => void = () => {};
  const gone = new Promise<SolLoss>((resolve) => {
    tell = (first) => {
      loss ??= first;
      resolve(loss);
    };
  });
  const stopEnd = link.onEnd((error) => tell({ error, final: false }));
  let attachment: Attachment | undefined;
  try {
    attachment = attachSol(link.solPort(), clock, sequence, {
      news,
      over: (reason) => void (reason === 'deactivated' ? tell(endedThere()) : askWhy(link).then(tell)),
    });
    attachment.setPace(await activateSol(link.run, takeOver));
    if (loss) throw loss.error;
  } catch (error) {
    stopEnd();
    attachment?.detach(asIpmiError(error));
    await leave(link, asIpmiError(error).code === 'no-answer');
    throw asIpmiError(error);
  }
  const stopWatch = watch(link, clock, watchMs, () => tell(endedThere()));
  const live = attachment;
  return {
    attachment: live,
    gone,
    async release(lost, error) {
      stopEnd();
      stopWatch();
      live.detach(error);
      const end = (): Promise<boolean> =>
        deactivateSol(link.run, deactivateMs).then(
          () => false,
          () => true,
        );
      await leave(link, lost === undefined ? await end() : !lost.final);
    },
  };
}

/** Closes a session. `mayBeActive`: serial over LAN may still be active in it. Never rejects. */
async function leave(link: SolLink, mayBeActive: boolean): Promise<void> {
  const giveUp = mayBeActive ? link.giveUp : undefined;
  await (giveUp ?? link.close)().catch(() => undefined);
}

/** The BMC acknowledges nothing: SOL was ended without a notice, or the way to the BMC is gone. */
async function askWhy(link: SolLink): Promise<SolLoss> {
  try {
    if ((await isSolActive(link.run)) === false) return endedThere();
    const text = 'the BMC does not acknowledge what is typed; the console is attached again';
    return { error: new IpmiError('no-answer', text), final: false };
  } catch (error) {
    return { error: asIpmiError(error), final: false };
  }
}

/** Looks now and then whether SOL is still active. A look without an answer makes the session end, and that is told by the session. */
function watch(link: SolLink, clock: Clock, everyMs: number, onEnded: () => void): () => void {
  let stopped = false;
  let cancel = (): void => {};
  const again = (active?: boolean): void => {
    if (stopped) return;
    if (active === false) onEnded();
    else cancel = clock.after(everyMs, look);
  };
  const look = (): void => void isSolActive(link.run).then(again, () => again());
  cancel = clock.after(everyMs, look);
  return () => {
    stopped = true;
    cancel();
  };
}
