import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BmcFleet, createBmcFleet } from '../../hardware-lab/bmc-sim/fleet.ts';
import { callApi } from '../support/api-world.ts';
import { openBmcWorld } from '../support/bmc-world.ts';
import { type ScratchStore, scratchStore } from '../support/scratch-store.ts';

type World = Awaited<ReturnType<typeof openBmcWorld>>;

const port = 6233;
const password = 'test-secret';
let fleet: BmcFleet;
let store: ScratchStore;
let world: World;

beforeEach(async () => {
  store = await scratchStore();
  fleet = await createBmcFleet({ count: 3, firstAddress: '127.14.0.1', port, powerOn: true });
  world = await openBmcWorld(store, 1);
});
afterEach(async () => {
  await world.close();
  await store.close();
  await fleet.close();
});

/** The condition's time is bounded by the test's own limit. */
async function until<T>(what: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await what();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function call<T>(method: 'GET' | 'POST' | 'PUT', path: string, payload?: object): Promise<T> {
  const answer = await callApi(world, method, path, payload);
  if (answer.statusCode !== 200) throw new Error(answer.body);
  return answer.json<T>();
}

async function enter(number: number, more: object = {}): Promise<string> {
  const params = {
    name: `node ${number}`,
    ipmiAddress: `127.14.0.${number}`,
    ipmiPort: String(port),
    ipmiUsername: 'admin',
    ipmiPassword: password,
    ...more,
  };
  const { systemTags } = { systemTags: undefined, ...more };
  const body = { params, ...(systemTags === undefined ? {} : { systemTags }) };
  return (await call<{ inventory: { uuid: string } }>('POST', '/baremetal/chassis', body)).inventory.uuid;
}

const act = <T>(uuid: string, name: string, params: object = {}): Promise<T> =>
  call<T>('PUT', `/baremetal/chassis/${uuid}/actions`, { [name]: params });

interface Bmc {
  readonly powerStatus: string;
  readonly powerStatusReason?: string;
  readonly lockOut: { readonly failures: number; readonly lockedOut: boolean };
  readonly profile?: { readonly vendor: string; readonly powerMs: { readonly on: readonly number[] } };
}
const bmcOf = async (uuid: string) =>
  (await call<{ inventory: Bmc }>('GET', `/baremetal/chassis/${uuid}/bmc`)).inventory;

interface Told {
  readonly name: string;
  readonly content: string;
  readonly resourceUuid: string;
  readonly occurrences: number;
}
const told = async () => (await call<{ inventories: Told[] }>('GET', '/notifications')).inventories;

/** Waits until the state that the loop sees is this. */
const untilPower = (uuid: string, status: string) =>
  until(async () => ((await bmcOf(uuid)).powerStatus === status ? true : undefined));

describe('the power of a machine', () => {
  it('is watched: a pressed button is told with its cause, our own commands are not', async () => {
    const uuid = await enter(1);
    await untilPower(uuid, 'ON');
    await act(uuid, 'powerOffBaremetalHost');
    await untilPower(uuid, 'OFF');
    await act(uuid, 'powerOnBaremetalHost');
    await untilPower(uuid, 'ON');
    const other = await enter(2);
    await untilPower(other, 'ON');
    expect(await told()).toEqual([]);
    fleet.sims[1]?.pressPowerButton();
    const notice = await until(async () => (await told())[0]);
    expect(notice).toMatchObject({
      name: 'power-changed',
      resourceUuid: other,
      content: expect.stringMatching(
        /"node 2" went off and Rackwright did not do it; its BMC tells: Power Unit: powered off/,
      ),
    });
    expect((await bmcOf(other)).powerStatus).toBe('OFF');
    const profile = await until(async () => (await bmcOf(uuid)).profile);
    expect(profile).toMatchObject({ vendor: expect.any(String), powerMs: { on: expect.any(Array) } });
    // One session each for all of it, and what the measurement opened is closed again.
    await until(async () => {
      const open = fleet.sims.map((sim) => sim.state().sessions.length);
      return open[0] === 1 && open[1] === 1 ? true : undefined;
    });
  }, 30_000);
});

describe('a wrong password', () => {
  it('is tried twice, also over a restart, and told once; a corrected one is tried again', async () => {
    const wrong = 'canary-not-this-one';
    const uuid = await enter(1, { ipmiPassword: wrong, systemTags: ['skipIpmiCheck::true'] });
    const locked = await until(async () => {
      await act(uuid, 'powerStatusBaremetalHost').catch(() => undefined);
      const { lockOut } = await bmcOf(uuid);
      return lockOut.lockedOut ? lockOut : undefined;
    });
    expect(locked).toEqual({ username: 'admin', failures: 2, lockedOut: true });
    await world.close();
    world = await openBmcWorld(store, 1);
    const refusal = await act(uuid, 'powerOnBaremetalHost').catch(String);
    expect(refusal).toContain('releaseBaremetalChassisBmc');
    await until(async () => ((await bmcOf(uuid)).powerStatusReason === 'locked-out' ? true : undefined));
    // A third login would have been counted.
    expect((await bmcOf(uuid)).lockOut.failures).toBe(2);
    expect((await told()).map(({ name, occurrences }) => [name, occurrences])).toEqual([
      ['bmc-locked-out', 1],
    ]);
    await act(uuid, 'updateBaremetalChassis', { ipmiPassword: password });
    await untilPower(uuid, 'ON');
    expect((await bmcOf(uuid)).lockOut).toEqual({ username: 'admin', failures: 0, lockedOut: false });
    expect(await act(uuid, 'powerStatusBaremetalHost')).toEqual({ status: 'ON' });
    expect([store.writtenText(), ...world.log.lines].join('\n')).not.toContain(wrong);
  }, 30_000);

  it('of a new chassis counts too, and a person can release the BMC', async () => {
    const wrong = { ipmiPassword: 'not-this-one' };
    for (const hint of ['skipIpmiCheck', 'skipIpmiCheck', 'releaseBaremetalChassisBmc'])
      await expect(enter(3, wrong)).rejects.toThrow(hint);
    await expect(enter(3)).rejects.toThrow('no login as \\"admin\\"');
    const uuid = await enter(3, { systemTags: ['skipIpmiCheck::true'] });
    await act(uuid, 'releaseBaremetalChassisBmc');
    expect(await act(uuid, 'powerStatusBaremetalHost')).toEqual({ status: 'ON' });
  }, 30_000);
});

describe('what a BMC tells', () => {
  it('reaches the API: sensors, event log and FRU, lamp and restart', async () => {
    const uuid = await enter(1);
    const chassis = `/baremetal/chassis/${uuid}`;
    const { inventories } = await call<{ inventories: { name: string; state: string }[] }>(
      'GET',
      `${chassis}/sensors`,
    );
    expect(inventories.length).toBeGreaterThan(3);
    expect(inventories.every(({ name }) => name !== '')).toBe(true);
    fleet.sims[0]?.pressPowerButton();
    await untilPower(uuid, 'OFF');
    fleet.sims[0]?.pressPowerButton();
    await untilPower(uuid, 'ON');
    const sel = await call<{
      inventories: { recordId: number; text: string; date: string }[];
      total: number;
    }>('GET', `${chassis}/sel?limit=100`);
    expect(sel.total).toBe(sel.inventories.length);
    expect(sel.inventories.map(({ text }) => text).join()).toMatch(/powered off/);
    const [first] = sel.inventories;
    const later = await call<typeof sel>('GET', `${chassis}/sel?since=${first?.recordId}`);
    expect(later.inventories).toEqual(sel.inventories.slice(1));
    expect(await call('GET', `${chassis}/fru`)).toMatchObject({
      inventory: { product: { serialNumber: expect.stringMatching(/./) } },
    });
    await act(uuid, 'identifyBaremetalChassis', { seconds: 5 });
    await act(uuid, 'clearBaremetalChassisSel');
    expect((await call<typeof sel>('GET', `${chassis}/sel`)).total).toBeLessThan(sel.total);
    await act(uuid, 'measureBaremetalChassisBmc', { probeBoot: true });
    await act(uuid, 'resetBaremetalChassisBmc', { kind: 'Warm' });
    await until(async () => {
      const answer = await act<{ status: string }>(uuid, 'powerStatusBaremetalHost').catch(() => undefined);
      return answer?.status === 'ON' ? true : undefined;
    });
  }, 30_000);

  it('is found by a scan, whose file has no passwords', async () => {
    const found = await call<{ inventories: object[]; csv: string; total: number; complete: boolean }>(
      'PUT',
      '/baremetal/bmcs/actions',
      {
        scanBaremetalBmcs: {
          ranges: ['127.14.0.0/29'],
          port,
          credentials: [{ username: 'admin', password }],
          packetsPerSecond: 5000,
        },
      },
    );
    expect(found).toMatchObject({ total: 6, complete: true });
    expect(found.inventories).toEqual(
      ['127.14.0.1', '127.14.0.2', '127.14.0.3'].map((address) =>
        expect.objectContaining({ address, username: 'admin', reachable: true }),
      ),
    );
    const all = [JSON.stringify(found), store.writtenText(), ...world.log.lines].join('\n');
    expect(all).not.toContain(password);
    expect(found.csv).toContain('name,ipmiAddress,ipmiUsername,ipmiPassword,ipmiPort,description');
    const check = await call('POST', '/baremetal/chassis/from-file/check', {
      params: { baremetalChassisInfo: found.csv.replaceAll(',admin,,', `,admin,${password},`) },
    });
    expect(check).toMatchObject({ success: true, total: 3 });
    await expect(
      call('PUT', '/baremetal/bmcs/actions', { scanBaremetalBmcs: { ranges: ['nowhere'] } }),
    ).rejects.toThrow('SYS.1007');
  }, 30_000);
});
