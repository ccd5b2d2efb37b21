import { systemAddresses } from '../../../src/provision/images/download/inside.ts';
import type { ProxySettings } from '../../../src/provision/images/download/proxy.ts';
import { openImages } from './world.ts';

/** One download for the process to do. */
export interface TlsDownload {
  readonly url: string;
  readonly proxy?: ProxySettings;
}

/**
 * Downloads as a process, as what TLS trusts is read at the start of one. argv: a directory and the downloads as JSON. Says a line of JSON
 * for how each image stands. 127.0.0.2 is elsewhere; names are known to a proxy only.
 */
const [folder = '', downloads = '[]'] = process.argv.slice(2);
// The clock's timers keep no process alive.
const alive = setInterval(() => undefined, 1000);
for (const { url, proxy } of JSON.parse(downloads) as readonly TlsDownload[]) {
  const { service, rows } = openImages(folder, {
    addresses: {
      resolve: (host) =>
        /^[\d.]+$/.test(host)
          ? systemAddresses.resolve(host)
          : Promise.reject(new Error(`nobody knows ${host}`)),
      isInside: ({ address }) => address !== '127.0.0.2',
    },
    limits: { firstRetries: 0, silenceMs: 5000 },
    ...(proxy === undefined ? {} : { proxy }),
  });
  await service.add({ name: 'disc', url }).catch(() => undefined);
  const [image] = rows.values();
  process.stdout.write(
    `${JSON.stringify({ status: image?.status, cause: image?.statusCause, size: image?.size })}\n`,
  );
  await service.close();
}
clearInterval(alive);
