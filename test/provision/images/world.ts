import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import type { Uuid } from '../../../src/base/uuid.ts';
import type { Addresses } from '../../../src/provision/images/download/inside.ts';
import type { DownloadLimits } from '../../../src/provision/images/download/limits.ts';
import type { ProxySettings } from '../../../src/provision/images/download/proxy.ts';
import type { InstallImage } from '../../../src/provision/images/model.ts';
import { createInstallImages } from '../../../src/provision/images/service.ts';
import { createFileTable } from '../../../src/pxe/http/byte-source.ts';
import { openIso } from '../../../src/pxe/iso/image.ts';
import { keepingLog } from '../../support/keeping-log.ts';

/** Downloads that give up soon. */
export const quickLimits: Partial<DownloadLimits> = {
  retryMs: 1,
  silenceMs: 300,
  leastBytes: 1000,
  flushBytes: 100_000,
  retries: 3,
  spareBytes: 0,
};

export interface ImagesOptions {
  readonly limits?: Partial<DownloadLimits>;
  readonly freeBytes?: () => number;
  /** The data directory; default: one of its own below the folder. */
  readonly keepOut?: string;
  /** Whether an installation uses the images. */
  readonly used?: boolean;
  readonly proxy?: ProxySettings;
  readonly addresses?: Addresses;
}

let worlds = 0;

/** Images over a store in memory; `again` is the same after a restart. */
export function openImages(folder: string, options: ImagesOptions = {}) {
  const { limits, freeBytes = () => 1e12, used = false, proxy, addresses } = options;
  const keepOut = options.keepOut ?? join(folder, `data${(worlds += 1)}`);
  mkdirSync(keepOut, { recursive: true });
  const rows = new Map<Uuid, InstallImage>();
  const log = keepingLog();
  let bytes = 0;
  const start = () => {
    const files = createFileTable();
    const service = createInstallImages({
      store: {
        saveImage: async (image) => void rows.set(image.uuid, image),
        deleteImage: async (uuid) => void rows.delete(uuid),
        getImage: async (uuid) => rows.get(uuid),
        listImages: async () => [...rows.values()],
      },
      files: { openFile: (path) => files.open(path), openIso },
      usedBy: async () => used,
      keepOut,
      downloadLimits: { ...quickLimits, ...limits },
      freeBytes: async () => freeBytes(),
      proxy,
      ...(addresses === undefined ? {} : { addresses }),
      clock: systemClock,
      random: (length) => new Uint8Array(length).fill((bytes += 1)),
      log,
    });
    return { service, files };
  };
  const place = join(keepOut, 'images');
  const left = (): readonly string[] => (existsSync(place) ? readdirSync(place).toSorted() : []);
  return { ...start(), again: start, rows, left, place, log };
}
