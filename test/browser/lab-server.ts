import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort, loopback } from '../../hardware-lab/loopback.ts';
import { startProcess } from '../../hardware-lab/processes.ts';
import { prepareRackwright, type RackwrightProcess } from '../../hardware-lab/rackwright-process.ts';
import { connectZstack, type ZstackClient } from '../../hardware-lab/zstack-client.ts';
import { defaultCache } from '../../inspector/build.ts';
import { buildWeb } from '../../scripts/build-web.ts';

/** The product as a process of its own on this machine's loopback, with its page built. */
export interface LabServer {
  readonly rackwright: RackwrightProcess;
  /** Logged in as admin. */
  readonly client: ZstackClient;
  close(): Promise<void>;
}

/** Builds the page, starts the server and logs in. */
export async function startLabServer(): Promise<LabServer> {
  const folder = await mkdtemp(join(tmpdir(), 'rackwright-page-'));
  await buildWeb(resolve(import.meta.dirname, '../../dist/web'));
  const port = await freePort();
  const pair = {
    kernel: join(defaultCache, 'inspector/vmlinuz'),
    initrd: join(defaultCache, 'inspector/initrd.img'),
  };
  const rackwright = prepareRackwright({
    folder,
    topology: { start: startProcess },
    gate: loopback,
    settings: { inspector: pair, installer: pair },
    port,
  });
  const close = async (): Promise<void> => {
    await rackwright.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await rackwright.start();
    return {
      rackwright,
      client: await connectZstack(loopback, rackwright.url, 'admin', rackwright.adminPassword),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
