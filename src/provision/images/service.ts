import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { RandomBytes } from '../../base/random.ts';
import type { Uuid } from '../../base/uuid.ts';
import { badArgument, checkResourceUuid, checkText } from '../checks.ts';
import { ProvisionError } from '../service.ts';
import { importImage, type ImportProgress } from './import.ts';
import {
  checkChecksum,
  checkInnerPath,
  checkKernelArguments,
  checkUrl,
  type InstallImageInput,
} from './input.ts';
import type { InstallImage } from './model.ts';
import type { ImageFiles, ImageStore, OpenedBytes } from './ports.ts';
import { createSourceTrees } from './trees.ts';

/** What a path of an install source stands for. */
export type SourceContent =
  | { readonly kind: 'bytes'; readonly bytes: OpenedBytes; readonly contentType: string }
  | { readonly kind: 'redirect'; readonly url: string };

/** Images that machines are installed from. Everything rejects with ProvisionError. */
export interface InstallImages {
  /** Records an image and imports it; resolves with its uuid when it is Ready. A failed import stays, Failed, with its cause. */
  add(input: InstallImageInput, progress?: ImportProgress): Promise<Uuid>;
  /** Forgets an image, not its file; one that a run uses is refused with `conflict`. Deleting what does not exist succeeds. */
  delete(uuid: string): Promise<void>;
  /** A Ready image; rejects with `not-found` or `conflict` and a text for the person who chose it. */
  ready(uuid: string): Promise<InstallImage & { readonly kernel: string; readonly initrd: string }>;
  /** A file of an image; undefined when it has no such file. Whoever asked closes it. */
  content(image: InstallImage, path: string): Promise<SourceContent | undefined>;
  /** Marks imports that a restart broke off. */
  resume(): Promise<void>;
  close(): Promise<void>;
}

/** Builds the images; `usedBy` says whether a run uses one. */
export function createInstallImages(deps: {
  readonly store: ImageStore;
  readonly files: ImageFiles;
  readonly usedBy: (uuid: Uuid) => Promise<boolean>;
  /** The data directory; nothing in it is ever served. */
  readonly keepOut: string;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
}): InstallImages {
  const { store, clock, log } = deps;
  const trees = createSourceTrees(deps.files);
  const importing = new Map<Uuid, { cancelled: boolean }>();
  let closed = false;

  const notFound = (uuid: string) =>
    new ProvisionError('not-found', `there is no bare-metal image ${uuid}; QueryBaremetalImage lists them`);

  function newImage(input: InstallImageInput): InstallImage {
    const { url, kind } = checkUrl(input.url, input.kind);
    const kernel = checkInnerPath('kernel', input.kernel);
    const initrd = checkInnerPath('initrd', input.initrd);
    if ((kernel === undefined) !== (initrd === undefined))
      throw badArgument(kernel === undefined ? 'kernel' : 'initrd', 'give kernel and initrd, or neither');
    const now = clock.now();
    return {
      uuid: checkResourceUuid(input.resourceUuid, deps.random),
      name: checkText('name', input.name),
      description: input.description,
      kind,
      url,
      checksum: checkChecksum(input.checksum, kind),
      size: undefined,
      status: 'Importing',
      statusCause: undefined,
      kernel,
      initrd,
      kernelArguments: checkKernelArguments(input.kernelArguments),
      createDate: now,
      lastOpDate: now,
    };
  }

  async function runImport(image: InstallImage, progress: ImportProgress): Promise<void> {
    const state = { cancelled: false };
    importing.set(image.uuid, state);
    try {
      const stopped = (): boolean => closed || state.cancelled;
      const found = await importImage(
        image,
        { files: deps.files, trees, stopped, keepOut: deps.keepOut },
        progress,
      );
      if (state.cancelled) throw new Error('the image was deleted during its import');
      await store.saveImage({ ...image, ...found, status: 'Ready', lastOpDate: clock.now() });
    } catch (cause) {
      const reason = messageOf(cause);
      log.warn({ image: image.uuid, reason }, 'an image could not be imported');
      if (!state.cancelled)
        await store.saveImage({ ...image, status: 'Failed', statusCause: reason, lastOpDate: clock.now() });
      throw new ProvisionError('invalid-argument', `url: ${reason}`, { cause, data: { parameter: 'url' } });
    } finally {
      importing.delete(image.uuid);
    }
  }

  return {
    async add(input, progress = () => undefined) {
      const image = newImage(input);
      if ((await store.getImage(image.uuid)) !== undefined)
        throw new ProvisionError('conflict', `resourceUuid ${image.uuid} is taken`);
      await store.saveImage(image);
      await runImport(image, progress);
      return image.uuid;
    },
    async delete(uuid) {
      const image = await store.getImage(uuid as Uuid);
      if (image === undefined) return;
      if (await deps.usedBy(image.uuid)) {
        const text = `an installation uses the image "${image.name}"; wait for its end, or cancel it by setting its chassis to Unprovisioned`;
        throw new ProvisionError('conflict', text);
      }
      const state = importing.get(image.uuid);
      if (state !== undefined) state.cancelled = true;
      await store.deleteImage(image.uuid);
    },
    async ready(uuid) {
      const image = await store.getImage(uuid as Uuid);
      if (image === undefined) throw notFound(uuid);
      const { kernel, initrd, status, statusCause } = image;
      if (status !== 'Ready' || kernel === undefined || initrd === undefined) {
        const why = statusCause === undefined ? '' : ` (${statusCause})`;
        throw new ProvisionError(
          'conflict',
          `the image "${image.name}" is ${status}${why}; it must be Ready`,
        );
      }
      return { ...image, kernel, initrd };
    },
    async content(image, path) {
      if (image.kind === 'redirect') {
        const rest = path.split('/').map(encodeURIComponent).join('/');
        return { kind: 'redirect', url: `${image.url}/${rest}` };
      }
      const bytes = await trees.open(image, path);
      return bytes && { kind: 'bytes', bytes, contentType: 'application/octet-stream' };
    },
    async resume() {
      for (const image of await store.listImages()) {
        if (image.status !== 'Importing') continue;
        const statusCause = 'Rackwright was stopped during the import; delete the image and add it again';
        await store.saveImage({ ...image, status: 'Failed', statusCause, lastOpDate: clock.now() });
      }
    },
    async close() {
      closed = true;
      await trees.close();
    },
  };
}
