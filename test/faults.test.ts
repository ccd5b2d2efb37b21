import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { silentLog } from '../src/base/log.ts';
import { type Client, createClient } from '../src/cli/client.ts';
import { loadConfig } from '../src/config.ts';
import { type Rackwright, startRackwright } from '../src/main.ts';
import { type IpmiSim, simAdmin, simTool, startIpmiSim } from './support/ipmi-sim.ts';
import { needRoot, needTools } from './support/need.ts';

/** What a technician gets to read over REST when something outside is wrong: the whole server, real sockets, a real BMC. */

/** The system gives a port that was closed a second time; tests run side by side. */
const givenPorts = new Set<number>();

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  if (givenPorts.has(port)) return freeUdpPort();
  givenPorts.add(port);
  return port;
}

type Boot = NonNullable<NonNullable<Parameters<typeof loadConfig>[0]>['overrides']>['boot'];

/** What a test opens is closed at its end, the last one first. */
type Test = Pick<TestContext, 'onTestFinished'>;

function newFolder(test: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'rackwright-faults-'));
  test.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function serve(test: Test, boot: Boot = {}) {
  const folder = newFolder(test);
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
  test.onTestFinished(() => server.close());
  const client = createClient({ url: server.url, pollMs: 20 });
  await client.login('admin', 'canary-admin-secret');
  return { client, config, server, folder };
}

/** These servers have their password from their settings; a random one would be a fault. */
function noPassword(): never {
  throw new Error('a random password, though one was given');
}

async function sim(test: Test): Promise<IpmiSim> {
  const bmc = await startIpmiSim({ users: [simAdmin] });
  test.onTestFinished(() => bmc.close());
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

// The deadlines of a BMC are real seconds here, so side by side.
describe.skipIf(!needTools(simTool)).concurrent('a BMC', { timeout: 60_000 }, () => {
  it('with another password is refused without telling the one that was tried', async (test) => {
    const { client } = await serve(test);
    const text = await refusal(
      client.call('POST', '/baremetal/chassis', chassis(await sim(test), 'canary-bmc-pass')),
    );
    expect(text).toMatch(/password/);
    expect(text).toContain('skipIpmiCheck::true');
    expect(text).not.toContain('canary-bmc-pass');
    expect((await client.list('/baremetal/chassis')).length).toBe(0);
  });

  it('that does not answer is named with its address, and can be recorded all the same', async (test) => {
    const { client } = await serve(test);
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
  });

  it('that falls silent makes the power command fail with its reason, and works again after', async (test) => {
    const { client } = await serve(test);
    const bmc = await sim(test);
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
  });

  it('is not touched when the inspector is missing or no PXE server runs', async (test) => {
    const { client } = await serve(test);
    const bmc = await sim(test);
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
  it('on an interface that is not there says which there are', async (test) => {
    const { client } = await serve(test);
    expect(await refusal(pxeServer(client, 'nosuch0'))).toMatch(/"nosuch0" is no network interface.*address/);
  });

  it('on an occupied port names it, leaves nothing open, and starts once the port is free', async (test) => {
    const blocker = createSocket('udp4').bind(0, '127.0.0.1');
    await once(blocker, 'listening');
    const { port } = blocker.address();
    const { client } = await serve(test, { tftpPort: port });
    expect(await refusal(pxeServer(client))).toMatch(new RegExp(`${port}`));
    expect(await client.list('/baremetal/pxeserver')).toEqual([]);
    blocker.close();
    await once(blocker, 'close');
    expect((await pxeServer(client))['inventory']).toMatchObject({ status: 'Running' });
  });

  it('without iPXE says which package is missing', async (test) => {
    const { client } = await serve(test, { ipxeDirectory: '/nonexistent' });
    expect(await refusal(pxeServer(client))).toMatch(/install the Debian package ipxe/);
  });

  it('comes back after a restart', async (test) => {
    const { client, server, config } = await serve(test);
    await pxeServer(client);
    await server.close();
    const again = await startRackwright(config, silentLog, noPassword);
    test.onTestFinished(() => again.close());
    const second = createClient({ url: again.url, pollMs: 20 });
    await second.login('admin', 'canary-admin-secret');
    expect(await second.list('/baremetal/pxeserver')).toMatchObject([{ status: 'Running' }]);
  });
});

describe('the server itself', () => {
  it('does not start twice on one data directory', async (test) => {
    const { config } = await serve(test);
    await expect(startRackwright(config, silentLog, noPassword)).rejects.toMatchObject({
      message: expect.stringMatching(/in use|another/i),
    });
  });

  it('does not start on an occupied API port, says so, and lets go of its data', async (test) => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const { port } = blocker.address() as AddressInfo;
    test.onTestFinished(() => void blocker.close());
    const folder = newFolder(test);
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
    test.onTestFinished(() => next.close());
    await createClient({ url: next.url }).login('admin', told[0]!);
  });
});
