import { join } from 'node:path';
import { mkdirSync } from 'node:fs';
import { freePort, loopback } from '../../loopback.ts';
import { startProcess, waitFor } from '../../processes.ts';
import { prepareRackwright, type RackwrightProcess } from '../../rackwright-process.ts';
import { connectZstack, type ZstackClient } from '../../zstack-client.ts';
import type { KvmHost } from '../machine.ts';

type Json = Readonly<Record<string, unknown>>;

/** A host, a Rackwright that manages it over SSH, and a technician's session. */
export interface ProductWorld {
  readonly host: KvmHost;
  readonly rackwright: RackwrightProcess;
  readonly client: ZstackClient;
  /** Uuids that earlier steps made, by the names that the steps agree on. */
  readonly uuids: Map<'cluster' | 'host' | 'offering' | 'image' | 'vm', string>;
  readonly uuid: (name: 'cluster' | 'host' | 'offering' | 'image' | 'vm') => string;
  /** The PCI device at an address of the host; rejects when there is none. */
  readonly deviceAt: (address: string) => Promise<Json>;
  /** Waits until the device shows this status. */
  readonly deviceBecomes: (address: string, status: string, timeoutMs?: number) => Promise<Json>;
  readonly hostBecomes: (status: string, timeoutMs?: number) => Promise<void>;
  close(): Promise<void>;
}

/** Starts Rackwright beside a host that is powered on; its files are in the host's folder and go with it. */
export async function openProductWorld(host: KvmHost): Promise<ProductWorld> {
  const folder = join(host.folder, 'rackwright');
  mkdirSync(folder, { mode: 0o700 });
  const rackwright = prepareRackwright({
    folder,
    topology: { start: (command, args, options) => startProcess(command, args, options) },
    gate: loopback,
    settings: {
      inspector: { kernel: '/nonexistent', initrd: '/nonexistent' },
      installer: { kernel: '/nonexistent', initrd: '/nonexistent' },
    },
    port: await freePort(),
  });
  let client: ProductWorld['client'];
  try {
    await rackwright.start();
    client = await connectZstack(loopback, rackwright.url, 'admin', rackwright.adminPassword);
  } catch (error) {
    await rackwright.stop();
    throw error;
  }
  const uuids: ProductWorld['uuids'] = new Map();
  const uuid: ProductWorld['uuid'] = (name) => {
    const found = uuids.get(name);
    if (found === undefined) throw new Error(`no step made a ${name} yet`);
    return found;
  };
  const find = async (address: string): Promise<Json | undefined> =>
    (
      await client.query('/pci-device/pci-devices', `hostUuid=${uuid('host')}`, `pciDeviceAddress=${address}`)
    )[0];

  return {
    host,
    rackwright,
    client,
    uuids,
    uuid,
    async deviceAt(address) {
      const device = await find(address);
      if (device === undefined) throw new Error(`Rackwright knows no device at ${address}`);
      return device;
    },
    deviceBecomes: (address, status, timeoutMs = 60_000) =>
      waitFor(`device ${address} to be ${status}`, timeoutMs, async () => {
        const device = await find(address);
        return device?.['status'] === status ? device : undefined;
      }),
    async hostBecomes(status, timeoutMs = 180_000) {
      await waitFor(`the host to be ${status}`, timeoutMs, async () => {
        const [row] = await client.query('/hosts', `uuid=${uuid('host')}`);
        return row?.['status'] === status ? true : undefined;
      });
    },
    close: () => rackwright.stop(),
  };
}

/** The text of a refusal; rejects when the call was not refused. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('the call was not refused');
}

/** Throws unless the text has this in it. */
export function expectText(what: string, text: string, part: string | RegExp): void {
  const has = typeof part === 'string' ? text.includes(part) : part.test(text);
  if (!has) throw new Error(`${what}: expected ${String(part)} in: ${text}`);
}
