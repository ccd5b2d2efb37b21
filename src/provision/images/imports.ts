import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { Uuid } from '../../base/uuid.ts';
import { ProvisionError } from '../service.ts';
import { type Downloads, isRemote } from './downloads.ts';
import { importImage, type ImportProgress } from './import.ts';
import type { InstallImage } from './model.ts';
import type { ImageFiles, ImageStore } from './ports.ts';
import type { SourceTrees } from './trees.ts';

/** The imports that are under way. */
export interface Imports {
  /** Imports a recorded image and records what came of it; rejects with ProvisionError when it is not Ready. */
  run(image: InstallImage, progress: ImportProgress): Promise<void>;
  /** As `run`, with nobody who waits. */
  goOn(image: InstallImage): void;
  /** Records that a restart broke an import off. */
  broken(image: InstallImage): Promise<void>;
  /** Ends an import whose image goes; resolves when it has ended. */
  cancel(uuid: Uuid): Promise<void>;
  /** Ends all; those of downloads stay Importing. */
  close(): Promise<void>;
}

/** How often the row of an image tells how far its download is. */
const tellMs = 10_000;

type Ending = 'cancelled' | 'closed';

interface Running {
  readonly abort: AbortController;
  readonly ended: Promise<unknown>;
}

export function createImports(deps: {
  readonly store: ImageStore;
  readonly files: ImageFiles;
  readonly trees: SourceTrees;
  readonly downloads: Downloads;
  readonly keepOut: string;
  readonly clock: Clock;
  readonly log: Logger;
}): Imports {
  const { store, downloads, clock, log } = deps;
  const running = new Map<Uuid, Running>();
  let closed = false;

  const save = (image: InstallImage, changes: Partial<InstallImage>): Promise<void> =>
    store.saveImage({ ...image, ...changes, lastOpDate: clock.now() });

  /** Tells the caller, and now and then the row; the row is written last when `settled` resolves. */
  function teller(image: InstallImage, progress: ImportProgress) {
    let told = clock.now();
    let settled = Promise.resolve();
    const tell: ImportProgress = (done, total, stage) => {
      progress(done, total, stage);
      if (stage !== 'downloading' || clock.now() - told < tellMs) return;
      told = clock.now();
      const statusCause = `downloading: ${progressText(done, total)}`;
      settled = settled.then(() => save(image, { statusCause })).catch(() => undefined);
    };
    return { tell, settled: () => settled };
  }

  async function work(image: InstallImage, signal: AbortSignal, progress: ImportProgress): Promise<void> {
    const { tell, settled } = teller(image, progress);
    try {
      const found = await importImage(image, { ...deps, signal }, tell);
      signal.throwIfAborted();
      await settled();
      await save(image, { ...found, secretQuery: undefined, status: 'Ready', statusCause: undefined });
    } catch (cause) {
      await settled();
      const ending = signal.aborted ? (signal.reason as Ending) : undefined;
      if (ending === 'closed' && isRemote(image))
        throw new ProvisionError(
          'conflict',
          'Rackwright was stopped; the download goes on at its next start',
        );
      const reason = ending === 'cancelled' ? 'the image was deleted during its import' : messageOf(cause);
      log.warn({ image: image.uuid, reason }, 'an image could not be imported');
      if (ending !== 'cancelled') {
        await save(image, { secretQuery: undefined, status: 'Failed', statusCause: reason });
        if (isRemote(image)) await downloads.remove(image.uuid);
      }
      throw new ProvisionError('invalid-argument', `url: ${reason}`, { cause, data: { parameter: 'url' } });
    }
  }

  async function run(image: InstallImage, progress: ImportProgress): Promise<void> {
    const abort = new AbortController();
    if (closed) abort.abort('closed' satisfies Ending);
    const ended = work(image, abort.signal, progress);
    const entry: Running = { abort, ended: ended.catch(() => undefined) };
    running.set(image.uuid, entry);
    try {
      await ended;
    } finally {
      running.delete(image.uuid);
    }
  }

  return {
    run,
    goOn(image) {
      log.info({ image: image.uuid }, 'goes on with the download of an image');
      // Its row tells what came of it.
      run(image, () => undefined).catch(() => undefined);
    },
    broken: (image) =>
      save(image, {
        status: 'Failed',
        statusCause: 'Rackwright was stopped during the import; delete the image and add it again',
      }),
    async cancel(uuid) {
      const entry = running.get(uuid);
      entry?.abort.abort('cancelled' satisfies Ending);
      await entry?.ended;
    },
    async close() {
      closed = true;
      for (const { abort } of running.values()) abort.abort('closed' satisfies Ending);
      await Promise.all([...running.values()].map(({ ended }) => ended));
    },
  };
}

/** `1000 of 4000 bytes (25 %)`, or bytes alone where the whole is not known. */
function progressText(done: number, total: number | undefined): string {
  if (total === undefined || total === 0) return `${done} bytes`;
  return `${done} of ${total} bytes (${Math.floor((done / total) * 100)} %)`;
}
