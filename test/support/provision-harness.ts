import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../src/base/clock.ts';
import type { Ipv4 } from '../../src/base/ipv4.ts';
import { silentLog } from '../../src/base/log.ts';
import type { Mac } from '../../src/base/mac.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import { uuidReadings } from '../../src/base/uuid.ts';
import { createProvision, type Provision } from '../../src/provision/create.ts';
import type { Evidence, Notice } from '../../src/provision/ports.ts';
import { createFileTable, openIso } from '../../src/pxe/index.ts';
import type { PxeEvent } from '../../src/pxe/ports.ts';
import { createClusterService } from '../../src/platform/clusters.ts';
import { openStore, type Store } from '../../src/store/index.ts';
import { TestBmc } from './test-bmc.ts';

export const stageSeconds = {
  powering: 180,
  'awaiting-dhcp': 300,
  'awaiting-loader': 60,
  'awaiting-script': 60,
  'awaiting-kernel': 60,
  'awaiting-initrd': 60,
  'awaiting-begin': 120,
  workingInspect: 300,
  workingInstall: 1800,
  finishing: 120,
} as const;

/** A clock that moves when told; due timers run in order. */
export function createTestClock(): Clock & { advance(ms: number): Promise<void> } {
  let now = 1_700_000_000_000;
  const timers = new Set<{ at: number; run: () => void }>();
  return {
    now: () => now,
    after(ms, run) {
      const timer = { at: now + ms, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async advance(ms) {
      const until = now + ms;
      for (;;) {
        // Let promises and the store's micro-batches go on between timers.
        for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
        const [next] = [...timers].filter((timer) => timer.at <= until).toSorted((a, b) => a.at - b.at);
        if (!next) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.run();
      }
      now = until;
    },
  };
}

export const nic = (n: number): Mac => `52:54:00:00:00:0${n}` as Mac;
export const lease = '192.0.2.100' as Ipv4;

/** A good inspection report of a machine with three NICs. */
export function inspectionReport(): Record<string, unknown> {
  return {
    schema: 1,
    bootif: nic(1),
    firmware: 'bios',
    cpu: { model: 'Test CPU', cores: 2, sockets: 1 },
    memory: { totalKiB: 1_048_576 },
    system: { manufacturer: 'QEMU', uuid: '01020304-0506-0708-090a-0b0c0d0e0f10' },
    nics: [1, 2, 3].map((n) => ({
      name: `eth${n - 1}`,
      mac: nic(n),
      speed: n === 1 ? 1000 : null,
      link: n === 1,
      pxe: n === 1,
    })),
    disks: [{ name: 'vda', sizeBytes: 1_073_741_824, removable: false }],
    pci: [{ address: '0000:00:02.0', vendorId: '1af4', deviceId: '1000', class: '020000' }],
  };
}

export interface Harness {
  readonly provision: Provision;
  readonly store: Store;
  readonly bmc: TestBmc;
  readonly clock: ReturnType<typeof createTestClock>;
  readonly chassisUuid: Uuid;
  readonly serverUuid: Uuid;
  readonly folder: string;
  /** What a person was told. */
  readonly notices: readonly Notice[];
  /** May be changed while the domain runs, as settings may. */
  readonly limits: { maxRunsPerMinute: number; powerPollSeconds: number; imageUuid: string | undefined };
  /** The machine's packets from DISCOVER to its own system's lease, and the script that it was given. */
  boot(): Promise<string>;
  /** Begins a run while virtual time goes on slowly enough for real file access to keep up. */
  begin(): Promise<void>;
  event(event: PxeEvent): void;
  settle(): Promise<void>;
  status(): Promise<string | undefined>;
  /** Ends the process as kill -9 would (nothing is closed in order but the file) and starts another on the same data. */
  restart(): Promise<Harness>;
  close(): Promise<void>;
}

/** The whole domain on a real store, with packets and BMC of the test's making. */
export async function createHarness(
  given?: { folder: string; bmc: TestBmc; clock: ReturnType<typeof createTestClock> },
  evidence?: Evidence,
): Promise<Harness> {
  const folder = given?.folder ?? (await mkdtemp(join(tmpdir(), 'rackwright-provision-')));
  const bmc = given?.bmc ?? new TestBmc();
  const clock = given?.clock ?? createTestClock();
  for (const name of ['kernel', 'initrd']) await writeFile(join(folder, name), name);
  const store = await openStore({
    path: join(folder, 'db.sqlite'),
    keyPath: join(folder, 'key'),
    random: randomBytes,
  });
  const running = new Set<Uuid>();
  const limits: Harness['limits'] = { maxRunsPerMinute: 20, powerPollSeconds: 0, imageUuid: undefined };
  const imageFiles = createFileTable();
  const image = {
    kernel: join(folder, 'kernel'),
    initrd: join(folder, 'initrd'),
    kernelArguments: ['console=ttyS0'],
  };
  const clusters = createClusterService({ store: store.platform.placement, clock, random: randomBytes });
  const notices: Notice[] = [];
  const provision = createProvision({
    store: store.provision,
    netboot: {
      interfaceAddresses: (name) =>
        name.startsWith('rack')
          ? [{ name, address: '192.0.2.1' as Ipv4, netmask: '255.255.255.0' as Ipv4 }]
          : [],
      start: async (server) => void running.add(server.uuid),
      update: () => undefined,
      otherServers: async () => [],
      stop: async (uuid) => void running.delete(uuid),
      bootUrl: (uuid) => (running.has(uuid) ? 'http://192.0.2.1:8081' : undefined),
    },
    openBmcAccess: bmc.open,
    images: { inspector: image, installer: { ...image, url: 'http://192.0.2.1/tree' } },
    imageAccess: {
      files: { openFile: (path) => imageFiles.open(path), openIso },
      keepOut: folder,
      imageOf: async () => limits.imageUuid,
    },
    placementOf: (uuid) => clusters.placementOf(uuid),
    notify: (notice) => void notices.push(notice),
    stageSeconds,
    get maxRunsPerMinute() {
      return limits.maxRunsPerMinute;
    },
    get powerPollSeconds() {
      return limits.powerPollSeconds;
    },
    ...(evidence && { evidence }),
    clock,
    random: randomBytes,
    log: silentLog,
  });
  await provision.start();
  const [server] = await store.provision.listPxeServers();
  const serverUuid =
    server?.uuid ??
    (await provision.service.createPxeServer({
      name: 'row1',
      dhcpInterface: 'rack0',
      dhcpRangeBegin: '192.0.2.100',
      dhcpRangeEnd: '192.0.2.199',
    }));
  const [known] = await store.provision.listChassis();
  const chassisUuid =
    known?.uuid ??
    (await provision.service.createChassis({
      name: 'r1u1',
      ipmiAddress: '198.51.100.11',
      ipmiUsername: 'admin',
      ipmiPassword: 'canary-bmc-secret',
    }));

  const settle = async (): Promise<void> => {
    for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  const harness: Harness = {
    provision,
    store,
    bmc,
    clock,
    chassisUuid,
    serverUuid,
    folder,
    notices,
    limits,
    settle,
    async begin() {
      const call = provision.service.provision(chassisUuid);
      const state = { ended: false };
      void call
        .finally(() => {
          state.ended = true;
        })
        .catch(() => undefined);
      while (!state.ended) {
        await clock.advance(100);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await call;
    },
    event: (event) => provision.events(event),
    async boot() {
      const sighting = {
        serverUuid,
        mac: nic(1),
        uuids: uuidReadings(bmc.guid),
        vendorClass: 'PXEClient',
        hostname: undefined,
      };
      const packet = (type: 'discover' | 'offer' | 'ack', client: 'bios' | 'ipxe' | 'system'): PxeEvent => ({
        kind: 'dhcp',
        type,
        serverUuid,
        mac: nic(1),
        ip: type === 'discover' ? undefined : lease,
        firmware: client === 'bios' ? 'bios' : undefined,
        ipxe: client === 'ipxe',
        bootFile: undefined,
        bytes: 300,
      });
      let scriptUrl = '';
      for (const client of ['bios', 'ipxe'] as const) {
        const decision = provision.policy.decide({
          ...sighting,
          firmware: client === 'bios' ? 'bios' : undefined,
          ipxe: client === 'ipxe',
        });
        if (decision.kind !== 'boot') throw new Error(`no boot: ${JSON.stringify(decision)}`);
        scriptUrl = decision.scriptUrl;
        for (const type of ['discover', 'offer', 'ack'] as const) provision.events(packet(type, client));
      }
      const [, token = '', artefact = ''] = /\/boot\/([0-9a-f]+)\/(.*)$/.exec(scriptUrl) ?? [];
      const script = await provision.content.get({ token, artefact, client: lease });
      if (script.kind !== 'text') throw new Error(`no script: ${JSON.stringify(script)}`);
      provision.events(packet('ack', 'system'));
      await settle();
      return script.body;
    },
    status: async () => (await store.provision.getChassis(chassisUuid))?.status,
    async restart() {
      await store.close();
      return createHarness({ folder, bmc, clock }, evidence);
    },
    async close() {
      await provision.close();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return harness;
}

/** Token and artefact of the first URL in `text` that ends with `artefact`. */
export function tokenOf(text: string, artefact: string): string {
  const found = new RegExp(`/boot/([0-9a-f]+)/${artefact.replace('.', '\\.')}`).exec(text)?.[1];
  if (found === undefined) throw new Error(`no URL of ${artefact}`);
  return found;
}
