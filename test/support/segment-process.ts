import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import { createOpenUdp } from '../../src/net/dgram.ts';
import { openInterfaceLook } from '../../src/net/interface-state.ts';
import type { SegmentSettings } from '../../src/pxe/segment.ts';
import { createOwnProbe } from '../../src/pxe/watch/own-probe.ts';
import { createSegments } from '../../src/pxe/watch/segments.ts';

/** What a segment process is started with, as the JSON text of its argument. */
export interface SegmentSetup {
  readonly device: string;
  readonly settings: SegmentSettings;
  readonly watchSeconds: number;
}

/**
 * The segments of a Rackwright that gives every client an address, as a process of its own for a network namespace. stdout gets one JSON
 * value a line: `ready`, events, `problem` when the services come or go. A line on stdin is `look`, `close`, or settings as JSON.
 */
const setup = JSON.parse(process.argv[2] ?? '') as SegmentSetup;
const serverUuid = 'a'.repeat(32) as Uuid;
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
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
    leases: { load: async () => [], commit: async () => undefined },
    policy: { decide: () => ({ kind: 'address', client: 'host' }) },
    content: {
      get: async () => ({ kind: 'refused', status: 404, reason: 'nothing here' }),
      post: async () => ({ status: 404, text: '' }),
    },
    events: (event) => say(event),
    ownProbe: createOwnProbe(randomBytes),
    moving: () => ({}),
    watchIntervalSeconds: () => setup.watchSeconds,
    changed: (_uuid, problem) => say({ kind: 'problem', problem: problem ?? null }),
    log: silentLog,
  },
);
// The clock's timers keep no process alive.
const alive = setInterval(() => undefined, 1000);
await segments.start({ serverUuid, device: setup.device, settings: setup.settings, patient: false });
say({ kind: 'ready', url: segments.bootUrl(serverUuid) });
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'close') break;
  if (line === 'look') say({ kind: 'looked', servers: await segments.otherServers(serverUuid, 6000) });
  else segments.update(serverUuid, JSON.parse(line) as Partial<SegmentSettings>);
}
await segments.close();
clearInterval(alive);
say({ kind: 'closed', url: segments.bootUrl(serverUuid) ?? null });
