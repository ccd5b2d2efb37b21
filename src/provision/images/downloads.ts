import { fileURLToPath } from 'node:url';
import type { Clock } from '../../base/clock.ts';
import type { Uuid } from '../../base/uuid.ts';
import { download } from './download/download.ts';
import { type Addresses, systemAddresses } from './download/inside.ts';
import { type DownloadLimits, downloadLimits } from './download/limits.ts';
import { createImageFolder } from './download/partial.ts';
import { createProxyChoice, type ProxySettings } from './download/proxy.ts';
import { createRooms } from './download/room.ts';
import type { InstallImage } from './model.ts';

type Place = Pick<InstallImage, 'uuid' | 'kind' | 'url'>;

/** Images that are fetched from elsewhere and kept in a directory of ours. */
export interface Downloads {
  /** Where the source lies on this machine; of a download, once it is finished. */
  placeOf(image: Place): string;
  /**
   * Fetches the file, or goes on with it. Resolves with where it lies and with what puts it into its place; rejects with an Error for
   * people, or with the reason of an abort, after which another call goes on.
   */
  fetch(
    image: Place & Pick<InstallImage, 'secretQuery'>,
    signal: AbortSignal,
    progress: (done: number, total: number | undefined) => void,
  ): Promise<{ readonly path: string; finish(): Promise<void> }>;
  /** Removes all that was fetched for an image; may be repeated. */
  remove(uuid: Uuid): Promise<void>;
  /** Removes the files that belong to none of these images; answers their names. */
  sweep(images: readonly InstallImage[]): Promise<readonly string[]>;
}

/** True for an image that is downloaded. */
export function isRemote({ kind, url }: Pick<InstallImage, 'kind' | 'url'>): boolean {
  return kind === 'iso' && !url.startsWith('file:');
}

/** Downloads into `directory`, through `proxy` where there is one; `freeBytes` answers for its file system. */
export function createDownloads(deps: {
  readonly directory: string;
  readonly clock: Clock;
  readonly limits?: Partial<DownloadLimits> | undefined;
  readonly freeBytes?: (() => Promise<number>) | undefined;
  readonly proxy?: ProxySettings | undefined;
  /** Default: those of this machine's resolver. */
  readonly addresses?: Addresses | undefined;
}): Downloads {
  const folder = createImageFolder(deps.directory);
  const limits = { ...downloadLimits, ...deps.limits };
  const rooms = createRooms(deps.freeBytes ?? (() => folder.free()), limits.spareBytes);
  const roads = { addresses: deps.addresses ?? systemAddresses, proxyFor: createProxyChoice(deps.proxy) };

  return {
    placeOf: (image) => (isRemote(image) ? folder.file(image.uuid).path : fileURLToPath(image.url)),
    async fetch({ uuid, url, secretQuery }, signal, progress) {
      const file = folder.file(uuid);
      if (await file.isFinished()) return { path: file.path, finish: async () => undefined };
      const room = rooms();
      try {
        await download({ url, secretQuery, roads, file, limits, clock: deps.clock, signal, room, progress });
      } finally {
        room.leave();
      }
      return { path: file.partPath, finish: () => file.finish() };
    },
    remove: (uuid) => folder.file(uuid).remove(),
    sweep(images) {
      const ours = images.filter((image) => isRemote(image) && image.status !== 'Failed');
      const uuids = new Set<string>(ours.map(({ uuid }) => uuid));
      return folder.sweep((uuid) => uuids.has(uuid));
    },
  };
}
