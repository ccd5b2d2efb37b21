import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { RandomBytes } from '../../base/random.ts';
import type { Uuid } from '../../base/uuid.ts';
import { badArgument, checkResourceUuid, checkText, takenUuid } from '../checks.ts';
import { ProvisionError } from '../service.ts';
import type { Addresses } from './download/inside.ts';
import type { DownloadLimits } from './download/limits.ts';
import type { ProxySettings } from './download/proxy.ts';
import { createDownloads, isRemote } from './downloads.ts';
import type { ImportProgress } from './import.ts';
import { createImports } from './imports.ts';
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
  /**
   * Records an image and imports it, downloading it first where it is elsewhere; resolves with its uuid when it is Ready. A failed import
   * stays, Failed, with its cause.
   */
  add(input: InstallImageInput, progress?: ImportProgress): Promise<Uuid>;
  /** Forgets an image, with what was downloaded for it, but not a file of somebody else; one that a run uses is refused with `conflict`. Deleting what does not exist succeeds. */
  delete(uuid: string): Promise<void>;
  /** A Ready image; rejects with `not-found` or `conflict` and a text for the person who chose it. */
  ready(uuid: string): Promise<InstallImage & { readonly kernel: string; readonly initrd: string }>;
  /** A file of an image; undefined when it has no such file. Whoever asked closes it. */
  content(image: InstallImage, path: string): Promise<SourceContent | undefined>;
  /** Goes on with downloads that a restart broke off, and marks other imports; removes files that belong to no image. */
  resume(): Promise<void>;
  /** Ends imports; a download goes on at the next start. */
  close(): Promise<void>;
}

/** Builds the images; `usedBy` says whether a run uses one. */
export function createInstallImages(deps: {
  readonly store: ImageStore;
  readonly files: ImageFiles;
  readonly usedBy: (uuid: Uuid) => Promise<boolean>;
  /** The data directory: no source may lie in it but what was downloaded, which goes to `images` in it. */
  readonly keepOut: string;
  readonly downloadLimits?: Partial<DownloadLimits>;
  /** Free bytes where downloads go; default: asks the file system. */
  readonly freeBytes?: () => Promise<number>;
  /** What downloads go through; default: nothing. */
  readonly proxy?: ProxySettings | undefined;
  /** Default: those of this machine's resolver. */
  readonly addresses?: Addresses;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
}): InstallImages {
  const { store, clock, log } = deps;
  const downloads = createDownloads({
    directory: join(deps.keepOut, 'images'),
    clock,
    limits: deps.downloadLimits,
    freeBytes: deps.freeBytes,
    proxy: deps.proxy,
    addresses: deps.addresses,
  });
  const trees = createSourceTrees(deps.files, (image) => downloads.placeOf(image));
  const imports = createImports({ ...deps, trees, downloads });

  const notFound = (uuid: string) =>
    new ProvisionError('not-found', `there is no bare-metal image ${uuid}; QueryBaremetalImage lists them`);

  function newImage(input: InstallImageInput): InstallImage {
    const { url, secretQuery, kind } = checkUrl(input.url, input.kind);
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
      secretQuery,
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

  return {
    async add(input, progress = () => undefined) {
      const image = newImage(input);
      if ((await store.getImage(image.uuid)) !== undefined) throw takenUuid(image.uuid);
      await store.saveImage(image);
      await imports.run(image, progress);
      return image.uuid;
    },
    async delete(uuid) {
      const image = await store.getImage(uuid as Uuid);
      if (image === undefined) return;
      if (await deps.usedBy(image.uuid)) {
        const text = `an installation uses the image "${image.name}"; wait for its end, or cancel it by setting its chassis to Unprovisioned`;
        throw new ProvisionError('conflict', text);
      }
      await imports.cancel(image.uuid);
      await store.deleteImage(image.uuid);
      if (!isRemote(image)) return;
      await trees.forget(image);
      await downloads.remove(image.uuid);
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
      const all = await store.listImages();
      const orphans = await downloads.sweep(all);
      if (orphans.length > 0) log.info({ files: orphans }, 'removed downloads that belong to no image');
      for (const image of all) {
        if (image.status !== 'Importing') continue;
        if (isRemote(image)) imports.goOn(image);
        else await imports.broken(image);
      }
    },
    async close() {
      await imports.close();
      await trees.close();
    },
  };
}
