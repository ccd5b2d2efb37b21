import { randomBytes } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import { createOpenUdp } from '../../src/net/dgram.ts';
import { bootUrl, defaultIpxeDirectory } from '../../src/pxe/boot-files.ts';
import { renderBootScript } from '../../src/pxe/ipxe/script.ts';
import type { BootContent, BootDecision, LeaseStore } from '../../src/pxe/ports.ts';
import { startSegment } from '../../src/pxe/segment.ts';
import { createOwnProbe } from '../../src/pxe/watch/own-probe.ts';
import { openStore } from '../../src/store/index.ts';
import { addressOf, leaseSeconds, macBases, macOf, network, type ServerOrder } from './orders.ts';

/** The product's segment (DHCP, TFTP, boot HTTP) on the product's store, without the domain. argv[2] is a ServerOrder. Ends on SIGTERM. */
const order = JSON.parse(process.argv[2] ?? '') as ServerOrder;
const serverUuid = '0'.repeat(32) as Uuid;
const token = '0'.repeat(64);
const base = `http://${network.server}:8081`;
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

const store = await openStore({
  path: join(order.folder, 'rackwright.db'),
  keyPath: join(order.folder, 'key'),
  random,
});

async function seed(leases: LeaseStore): Promise<void> {
  const expiresAt = Date.now() + leaseSeconds * 1000;
  await leases.commit(
    Array.from({ length: order.known }, (_, n) => {
      const mac = macOf(macBases.known, n);
      const clientId = `01${mac.replaceAll(':', '')}`;
      return { serverUuid, ip: addressOf(n), mac, clientId, expiresAt, state: 'bound' } as const;
    }),
  );
}

const { policy } = order;
const boot: BootDecision = { kind: 'boot', scriptUrl: bootUrl(base, token, 'boot.ipxe') };
const admitted =
  typeof policy === 'string'
    ? undefined
    : new Set(Array.from({ length: policy.first }, (_, n) => macOf(macBases.known, n)));
const decide = (mac: string): BootDecision => {
  if (policy === 'address') return { kind: 'address' };
  if (admitted === undefined || admitted.has(mac as never)) return boot;
  return { kind: 'ignore', reason: 'unknown-machine' };
};

const script = renderBootScript({
  kernelUrl: bootUrl(base, token, 'kernel'),
  initrdUrl: bootUrl(base, token, 'initrd'),
  kernelArguments: order.kernelArguments ?? [],
  bootNote: 'benchmark',
});
const paths: Readonly<Record<string, string | undefined>> = { kernel: order.kernel, initrd: order.initrd };
const content: BootContent = {
  get({ token: asked, artefact }) {
    const path = asked === token ? paths[artefact] : undefined;
    if (path !== undefined)
      return Promise.resolve({ kind: 'file', path, contentType: 'application/octet-stream' });
    if (asked === token && artefact === 'boot.ipxe')
      return Promise.resolve({ kind: 'text', body: script, contentType: 'text/plain' });
    return Promise.resolve({ kind: 'refused', status: 404, reason: 'no such artefact' });
  },
  post: () => Promise.resolve({ status: 404, text: 'nothing here takes reports' }),
};

if (order.onlySeed === true) {
  await seed(store.leases);
  await store.close();
  process.exit(0);
}
const { rangeBegin, rangeEnd, netmask } = network;
const segment = await startSegment(
  {
    serverUuid,
    device: order.device,
    address: network.server,
    netmask,
    settings: { rangeBegin, rangeEnd, hostLeaseSeconds: leaseSeconds },
    dhcpPort: 67,
    dhcpClientPort: 68,
    dhcpProxyPort: 4011,
    tftpPort: 69,
    tftpSinglePort: false,
    httpPort: 8081,
    mtu: 1500,
    ipxeDirectory: defaultIpxeDirectory,
  },
  {
    openUdp: createOpenUdp(),
    clock: systemClock,
    random,
    leases: store.leases,
    policy: { decide: ({ mac }) => decide(mac) },
    content,
    events: () => {},
    ownProbe: createOwnProbe(random),
    isOwnServer: () => false,
    watchIntervalSeconds: () => 0,
    log: silentLog,
  },
);

// What is in use, without what V8 would collect some time: for measuring whether it grows.
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
process.on('SIGUSR2', () => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  writeFileSync(join(order.folder, 'in-use.json.new'), JSON.stringify({ bytes: heapUsed + external }));
  renameSync(join(order.folder, 'in-use.json.new'), join(order.folder, 'in-use.json'));
});

const alive = setInterval(() => undefined, 60_000);
process.once('SIGTERM', () => {
  void segment
    .close()
    .then(() => store.close())
    .then(() => clearInterval(alive))
    .then(() => process.exit(0));
});
