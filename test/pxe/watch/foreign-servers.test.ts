import { expect, it } from 'vitest';
import type { Ipv4 } from '../../../src/base/ipv4.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { Mac } from '../../../src/base/mac.ts';
import type { Uuid } from '../../../src/base/uuid.ts';
import { code } from '../../../src/pxe/dhcp/wire/option-codes.ts';
import { decodeDhcpPacket, encodeDhcpPacket } from '../../../src/pxe/dhcp/wire/packet.ts';
import type { PxeEvent } from '../../../src/pxe/ports.ts';
import { type ForeignWatch, watchForeignServers } from '../../../src/pxe/watch/foreign-servers.ts';
import { createOwnProbe } from '../../../src/pxe/watch/own-probe.ts';
import { virtualTime, virtualUdp } from '../../support/virtual-net.ts';

const serverUuid = 'a'.repeat(32) as Uuid;
const ours = '192.0.2.1' as Ipv4;
const theirs = '192.0.2.66' as Ipv4;

interface World {
  readonly watch: ForeignWatch;
  readonly time: ReturnType<typeof virtualTime>;
  readonly events: PxeEvent[];
  readonly warnings: string[];
  readonly sockets: () => number;
  /** Probes that went out. */
  probes: number;
  /** Who answers, of how many probes the first. */
  servers: readonly Ipv4[];
  deafTo: number;
  interval: number;
  failure: Error | undefined;
}

function world(): World {
  const time = virtualTime();
  const events: PxeEvent[] = [];
  const warnings: string[] = [];
  const net = virtualUdp(time, {
    at: { address: '255.255.255.255', port: 67 },
    wire: () => [100],
    handle(datagram) {
      here.probes++;
      if (here.probes <= here.deafTo) return [];
      const asked = decodeDhcpPacket(datagram);
      return here.servers.map((server) =>
        encodeDhcpPacket({
          ...asked,
          op: 2,
          yiaddr: '192.0.2.140' as Ipv4,
          options: new Map([
            [code.messageType, Uint8Array.of(2)],
            [code.serverId, Uint8Array.from(server.split('.'), Number)],
          ]),
        }),
      );
    },
  });
  const watch = watchForeignServers(
    { serverUuid, device: 'rack0', port: 67, clientPort: 68 },
    {
      openUdp: async (options, receive) => {
        expect(options).toMatchObject({ port: 68, device: 'rack0', broadcast: true, reuseAddress: true });
        if (here.failure) throw here.failure;
        return net.open(options, receive);
      },
      clock: time.clock,
      probe: createOwnProbe((length) => new Uint8Array(length)),
      isOwnServer: (server) => server === ours,
      whoHas: async (ip) => (ip === theirs ? ('52:54:00:00:00:66' as Mac) : undefined),
      intervalSeconds: () => here.interval,
      events: (event) => void events.push(event),
      log: { ...silentLog, warn: (_facts, text) => void warnings.push(text) },
    },
  );
  const here: World = {
    watch,
    time,
    events,
    warnings,
    sockets: net.sockets,
    probes: 0,
    servers: [],
    deafTo: 0,
    interval: 0,
    failure: undefined,
  };
  return here;
}

const told = {
  kind: 'dhcp-foreign-server',
  serverUuid,
  server: theirs,
  serverMac: '52:54:00:00:00:66',
  offered: '192.0.2.140',
};

it('looks when asked, twice at the most, and leaves no socket open', async () => {
  const here = world();
  expect(await here.time.settle(here.watch.look(6000))).toEqual([]);
  expect([here.probes, here.sockets()]).toEqual([2, 0]);
  await here.watch.close();
});

it('tells another server once, and not our own ones', async () => {
  const here = world();
  here.servers = [ours, theirs];
  const found = await here.time.settle(here.watch.look(6000));
  expect(found).toEqual([
    { server: theirs, mac: '52:54:00:00:00:66', offered: '192.0.2.140', bootFile: undefined },
  ]);
  // The first answer ends the look soon.
  expect(here.probes).toBe(1);
  await here.time.settle(here.watch.look(6000));
  expect(here.events).toEqual([told]);
  await here.watch.close();
});

it('asks a second time, for a packet is lost easily', async () => {
  const here = world();
  here.servers = [theirs];
  here.deafTo = 1;
  expect(await here.time.settle(here.watch.look(6000))).toHaveLength(1);
  await here.watch.close();
});

it('looks at once and then at the interval, which may change while it runs', async () => {
  const here = world();
  await here.time.pass(60_000);
  expect(here.probes).toBe(0);
  here.interval = 300;
  await here.time.pass(10_000);
  expect(here.probes).toBe(2);
  await here.time.pass(280_000);
  expect(here.probes).toBe(2);
  here.servers = [theirs];
  await here.time.pass(30_000);
  expect(here.events).toEqual([told]);
  here.interval = 0;
  const before = here.probes;
  await here.time.pass(3_600_000);
  expect(here.probes).toBe(before);
  await here.watch.close();
});

it('says once that it cannot look', async () => {
  const here = world();
  here.failure = new Error('port 68 is taken');
  expect(await here.watch.look(6000)).toEqual([]);
  expect(await here.watch.look(6000)).toEqual([]);
  expect(here.warnings).toEqual(['cannot look for other DHCP servers']);
  await here.watch.close();
});

it('ends a look that is under way when it is closed', async () => {
  const here = world();
  here.servers = [theirs];
  const look = here.watch.look(6000);
  await here.watch.close();
  expect(await look).toEqual([]);
  expect(await here.watch.look(6000)).toEqual([]);
  expect([here.sockets(), here.events]).toEqual([0, []]);
});
