import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Gate } from '../../hardware-lab/gate.ts';
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

/** As the lab's gate, without a namespace between. */
const gate: Pick<Gate, 'fetch'> = {
  async fetch(url, { method = 'GET', headers = {}, body, timeoutMs = 30_000 } = {}) {
    const signal = AbortSignal.timeout(timeoutMs);
    const answer = await fetch(url, { method, headers, signal, ...(body === undefined ? {} : { body }) });
    return { status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text() };
  },
};

/** Builds the page, starts the server and logs in. */
export async function startLabServer(): Promise<LabServer> {
  const folder = await mkdtemp(join(tmpdir(), 'rackwright-page-'));
  await buildWeb(resolve(import.meta.dirname, '../../dist/web'));
  const reserve = createServer();
  await new Promise<void>((done) => {
    reserve.listen(0, '127.0.0.1', done);
  });
  const { port } = reserve.address() as AddressInfo;
  await new Promise<void>((done) => {
    reserve.close(() => done());
  });
  const pair = {
    kernel: join(defaultCache, 'inspector/vmlinuz'),
    initrd: join(defaultCache, 'inspector/initrd.img'),
  };
  const rackwright = prepareRackwright({
    folder,
    topology: { start: startProcess },
    gate,
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
      client: await connectZstack(gate, rackwright.url, 'admin', rackwright.adminPassword),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
