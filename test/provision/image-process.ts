import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import type { InstallImage } from '../../src/provision/images/model.ts';
import { createInstallImages } from '../../src/provision/images/service.ts';
import { createFileTable } from '../../src/pxe/http/byte-source.ts';
import { openIso } from '../../src/pxe/iso/image.ts';
import { openStore } from '../../src/store/store.ts';

/** A line of it: bytes while the image is fetched and read, then the image as it stands at last. */
export interface ImageLine {
  readonly kind: 'downloading' | 'reading' | 'end';
  readonly done?: number;
  readonly image?: InstallImage | undefined;
}

/**
 * The images over the real store, as a process that can be killed. argv: the data directory, the uuid of an image and, the first time, its
 * URL. Says a line of JSON for progress and one for how the image stands at last.
 */
const [folder = '', uuid = '', url] = process.argv.slice(2);
const store = await openStore({
  path: join(folder, 'rackwright.db'),
  keyPath: join(folder, 'rackwright.key'),
  random: randomBytes,
});
const files = createFileTable();
const service = createInstallImages({
  store: store.provision,
  files: { openFile: (path) => files.open(path), openIso },
  usedBy: async () => false,
  keepOut: folder,
  downloadLimits: { retryMs: 50, flushBytes: 100_000 },
  clock: systemClock,
  random: randomBytes,
  log: silentLog,
});
const say = (line: ImageLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
// The clock's timers keep no process alive.
const alive = setInterval(() => undefined, 1000);
await service.resume();
if (url !== undefined)
  await service
    .add({ name: 'disc', url, resourceUuid: uuid }, (done, _total, stage) => say({ kind: stage, done }))
    .catch(() => undefined);
for (;;) {
  const image = await store.provision.getImage(uuid as Uuid);
  if (image?.status === 'Importing') {
    await new Promise((resolve) => setTimeout(resolve, 20));
    continue;
  }
  say({ kind: 'end', image });
  break;
}
clearInterval(alive);
await service.close();
await store.close();
