import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLog } from '../src/base/log.ts';
import { type Client, createClient } from '../src/cli/client.ts';
import { loadConfig } from '../src/config.ts';
import { type Rackwright, startRackwright } from '../src/main.ts';
import { type IpmiSim, simAdmin, simTool, startIpmiSim } from './support/ipmi-sim.ts';
import { needRoot, needTools } from './support/need.ts';

/** What a technician gets to read over REST when something outside is wrong: the whole server, real sockets, a real BMC. */

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

type Boot = NonNullable<NonNullable<Parameters<typeof loadConfig>[0]>['overrides']>['boot'];

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rackwright-faults-'));
  closers.push(async () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function serve(boot: Boot = {}) {
  const folder = newFolder();
  const ports = {
    dhcpPort: await freeUdpPort(),
    dhcpClientPort: await freeUdpPort(),
    tftpPort: await freeUdpPort(),
  };
  const config = loadConfig({
    env: {},
    overrides: {
      dataDirectory: folder,
      api: { address: '127.0.0.1', port: 0 },
      admin: { password: 'canary-admin-secret' },
      boot: { ...ports, httpPort: 0, ...boot },
      inspector: { kernel: join(folder, 'no-kernel'), initrd: join(folder, 'no-initrd') },
      log: { level: 'silent' },
    },
  });
  const server: Rackwright = await startRackwright(config, silentLog, noPassword);
  closers.push(() => server.close());
  const client = createClient({ url: server.url, pollMs: 20 });
  await client.login('admin', 'canary-admin-secret');
  return { client, config, server, folder };
}

/** These servers have their password from their settings; a random one would be a fault. */
function noPassword(): never {
  throw new Error('a random password, though one was given');
}

async function sim(): Promise<IpmiSim> {
  const bmc = await startIpmiSim({ users: [simAdmin] });
  closers.push(() => bmc.close());
  return bmc;
}

const chassis = (bmc: { address: string; port: number }, password: string = simAdmin.password): object => ({
  params: {
    name: 'r1u1',
    ipmiAddress: bmc.address,
    ipmiPort: String(bmc.port),
    ipmiUsername: simAdmin.name,
    ipmiPassword: password,
  },
});

async function refusal(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'not refused',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

const pxeServer = (client: Client, dhcpInterface = 'lo') =>
  client.call('POST', '/baremetal/pxeserver', {
    params: { name: 'row1', dhcpInterface, dhcpRangeBegin: '127.200.0.10', dhcpRangeEnd: '127.200.0.20' },
  });

describe.skipIf(!needTools(simTool))('a BMC', () => {
  it('with another password is refused without telling the one that was tried', async () => {
    const { client } = await serve();
    const text = await refusal(
      client.call('POST', '/baremetal/chassis', chassis(await sim(), 'canary-bmc-pass')),
    );
    expect(text).toMatch(/password/);
    expect(text).toContain('skipIpmiCheck::true');
    expect(text).not.toContain('canary-bmc-pass');
    expect((await client.list('/baremetal/chassis')).length).toBe(0);
  });

  it('that does not answer is named with its address, and can be recorded all the same', async () => {
    const { client } = await serve();
    const nobody = { address: '127.9.9.9', port: await freeUdpPort() };
    const text = await refusal(client.call('POST', '/baremetal/chassis', chassis(nobody)));
    expect(text).toContain(`127.9.9.9:${nobody.port}`);
    const anyway = { ...chassis(nobody), systemTags: ['skipIpmiCheck::true'] };
    const created = await client.call('POST', '/baremetal/chassis', anyway);
    const { uuid } = created['inventory'] as { uuid: string };
    const power = await client.call('PUT', `/baremetal/chassis/${uuid}/actions`, {
      powerStatusBaremetalHost: {},
    });
    expect(power).toEqual({ status: 'UNKNOWN' });
  }, 60_000);

  it('that falls silent makes the power command fail with its reason, and works again after', async () => {
    const { client } = await serve();
    const bmc = await sim();
    const created = await client.call('POST', '/baremetal/chassis', chassis(bmc));
    const { uuid } = created['inventory'] as { uuid: string };
    const act = (action: string) =>
      client.call('PUT', `/baremetal/chassis/${uuid}/actions`, { [action]: {} });
    bmc.freeze();
    expect(await refusal(act('powerOnBaremetalHost'))).toMatch(/no answer|did not answer|does not answer/i);
    bmc.thaw();
    await act('powerOnBaremetalHost');
    expect(bmc.powerOn()).toBe(true);
    expect(await act('powerStatusBaremetalHost')).toEqual({ status: 'ON' });
    await act('powerOffBaremetalHost');
    await act('powerResetBaremetalHost');
    expect(bmc.powerOn()).toBe(true);
  }, 60_000);

  it('is not touched when the inspector is missing or no PXE server runs', async () => {
    const { client } = await serve();
    const bmc = await sim();
    const created = await client.call('POST', '/baremetal/chassis', chassis(bmc));
    const { uuid } = created['inventory'] as { uuid: string };
    const provision = () =>
      refusal(client.call('PUT', `/baremetal/chassis/${uuid}/actions`, { provisionBaremetalHost: {} }));
    expect(await provision()).toMatch(/no PXE server/);
    const server = (await pxeServer(client))['inventory'] as { uuid: string };
    expect(await provision()).toMatch(/no-kernel is missing.*build:inspector/);
    const actions = `/baremetal/pxeserver/${server.uuid}/actions`;
    await client.call('PUT', actions, { stopBaremetalPxeServer: {} });
    expect(await provision()).toMatch(/no PXE server is running/);
    expect(bmc.calls()).toEqual([]);
  });
});

describe.skipIf(!needRoot())('a PXE server', () => {
  it('on an interface that is not there says which there are', async () => {
    const { client } = await serve();
    expect(await refusal(pxeServer(client, 'nosuch0'))).toMatch(/"nosuch0" is no network interface.*address/);
  });

  it('on an occupied port names it, leaves nothing open, and starts once the port is free', async () => {
    const blocker = createSocket('udp4').bind(0, '127.0.0.1');
    await once(blocker, 'listening');
    const { port } = blocker.address();
    const { client } = await serve({ tftpPort: port });
    expect(await refusal(pxeServer(client))).toMatch(new RegExp(`${port}`));
    expect(await client.list('/baremetal/pxeserver')).toEqual([]);
    blocker.close();
    await once(blocker, 'close');
    expect((await pxeServer(client))['inventory']).toMatchObject({ status: 'Running' });
  });

  it('without iPXE says which package is missing', async () => {
    const { client } = await serve({ ipxeDirectory: '/nonexistent' });
    expect(await refusal(pxeServer(client))).toMatch(/install the Debian package ipxe/);
  });

  it('comes back after a restart', async () => {
    const { client, server, config } = await serve();
    await pxeServer(client);
    await server.close();
    const again = await startRackwright(config, silentLog, noPassword);
    closers.push(() => again.close());
    const second = createClient({ url: again.url, pollMs: 20 });
    await second.login('admin', 'canary-admin-secret');
    expect(await second.list('/baremetal/pxeserver')).toMatchObject([{ status: 'Running' }]);
  });
});

describe('the server itself', () => {
  it('does not start twice on one data directory', async () => {
    const { config } = await serve();
    await expect(startRackwright(config, silentLog, noPassword)).rejects.toMatchObject({
      message: expect.stringMatching(/in use|another/i),
    });
  });

  it('does not start on an occupied API port, says so, and lets go of its data', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const { port } = blocker.address() as AddressInfo;
    closers.push(async () => blocker.close());
    const folder = newFolder();
    const config = loadConfig({
      env: {},
      overrides: { dataDirectory: folder, api: { address: '127.0.0.1', port } },
    });
    const told: string[] = [];
    await expect(startRackwright(config, silentLog, (password) => told.push(password))).rejects.toMatchObject(
      {
        message: expect.stringContaining(String(port)),
      },
    );
    // The account was made all the same, so that its password had to be told, and the next start does not tell another.
    expect(told).toHaveLength(1);
    const next = await startRackwright(
      loadConfig({ env: {}, overrides: { dataDirectory: folder, api: { address: '127.0.0.1', port: 0 } } }),
      silentLog,
      noPassword,
    );
    closers.push(() => next.close());
    await createClient({ url: next.url }).login('admin', told[0]!);
  });
});
