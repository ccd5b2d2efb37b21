import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { Uuid } from '../../../src/base/uuid.ts';
import { createOpenUdp } from '../../../src/net/dgram.ts';
import { openInterfaceLook } from '../../../src/net/interface-state.ts';
import type { LeaseStore } from '../../../src/pxe/ports.ts';
import type { SegmentSettings } from '../../../src/pxe/segment.ts';
import { createOwnProbe } from '../../../src/pxe/watch/own-probe.ts';
import { createSegments } from '../../../src/pxe/watch/segments.ts';
import { openStore } from '../../../src/store/store.ts';

/** What a storm's server is started with, as the JSON text of its argument. */
export interface StormSetup {
  readonly device: string;
  readonly folder: string;
  readonly settings: SegmentSettings;
  /** Answers before leases are on disk: what the test is to find. */
  readonly careless: boolean;
}

/** The segments of a Rackwright over its real store, that gives every client an address. Says `ready`, then only dies. */
const setup = JSON.parse(process.argv[2] ?? '') as StormSetup;
const store = await openStore({
  path: join(setup.folder, 'rackwright.db'),
  keyPath: join(setup.folder, 'rackwright.key'),
  random: randomBytes,
});

/** Says that leases are saved a while before they are. */
const careless: LeaseStore = {
  load: (serverUuid) => store.leases.load(serverUuid),
  async commit(leases) {
    void sleep(1000).then(() => store.leases.commit(leases));
  },
};

const segments = createSegments(
  {
    dhcpPort: 67,
    dhcpClientPort: 68,
    dhcpProxyPort: 4011,
    tftpPort: 69,
    tftpSinglePort: false,
    httpPort: 8081,
    mtu: 1500,
    ipxeDirectory: '/usr/lib/ipxe',
  },
  {
    openUdp: createOpenUdp(),
    openInterfaceLook,
    clock: systemClock,
    random: randomBytes,
    leases: setup.careless ? careless : store.leases,
    policy: { decide: () => ({ kind: 'address', client: 'host' }) },
    content: {
      get: async () => ({ kind: 'refused', status: 404, reason: 'nothing here' }),
      post: async () => ({ status: 404, text: '' }),
    },
    events: () => undefined,
    ownProbe: createOwnProbe(randomBytes),
    moving: () => ({}),
    watchIntervalSeconds: () => 0,
    changed: () => undefined,
    log: silentLog,
  },
);
// The clock's timers keep no process alive.
setInterval(() => undefined, 1000);
await segments.start({
  serverUuid: 'a'.repeat(32) as Uuid,
  device: setup.device,
  settings: setup.settings,
  patient: false,
});
process.stdout.write('ready\n');
