import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProvisionError } from '../../src/provision/index.ts';
import { testProfile } from '../support/test-bmc.ts';
import { adminOf, newUser } from '../support/api-identities.ts';
import { existing, seedRows } from '../support/api-rows.ts';
import { type ApiWorld, callApi, openApi, pollJob } from '../support/api-world.ts';
import { uuid } from '../support/records.ts';

let world: ApiWorld;
beforeEach(async () => {
  world = await openApi();
  await seedRows(world);
});
afterEach(() => world.close());

const chassis = `/baremetal/chassis/${existing.chassis}`;
const get = (path: string) => callApi(world, 'GET', `${chassis}${path}`);
const act = (name: string, params: object = {}) =>
  callApi(world, 'PUT', `${chassis}/actions`, { [name]: params });
const lastCall = () => world.domain.calls.at(-1);

describe('what a BMC tells', () => {
  it('lists sensors with what could not be read', async () => {
    expect((await get('/sensors')).json()).toEqual({
      inventories: [
        {
          name: 'CPU1 Temp',
          number: 1,
          lun: 0,
          type: 'Temperature',
          entity: 'processor 1',
          value: 42,
          unit: '°C',
          state: 'ok',
          thresholds: { upperCritical: 95 },
          states: [],
        },
      ],
      problems: ['sensor record 9 is malformed'],
    });
  });

  it('lists the event log in words, with dates where the clock was set', async () => {
    const answer = (await get('/sel?limit=2&since=5')).json<{ inventories: object[] }>();
    expect(lastCall()).toEqual(['eventLog', existing.chassis, { limit: 2, since: 5 }]);
    expect(answer).toMatchObject({ total: 2, freeBytes: 4096, overflow: false, olderLeftOut: true });
    expect(answer.inventories[0]).toMatchObject({ recordId: 6, secondsSinceStart: 12 });
    expect(answer.inventories[0]).not.toHaveProperty('date');
    expect(answer.inventories[1]).toMatchObject({
      recordId: 7,
      date: 'Nov 14, 2017 10:20:57 PM',
      text: 'power button pressed',
      sensorType: 'Button',
      sensorName: 'Power Button',
      eventData: [0, 255, 255],
    });
    for (const wrong of ['limit=-1', 'limit=x', 'since=65536']) {
      const refused = await get(`/sel?${wrong}`);
      expect([refused.statusCode, refused.body]).toEqual([503, expect.stringContaining('SYS.1007')]);
    }
  });

  it('shows the FRU with its date', async () => {
    expect((await get('/fru')).json()).toMatchObject({
      inventory: { board: { serialNumber: 'S1', manufacturedDate: 'Nov 14, 2017 10:20:57 PM' } },
    });
  });

  it('shows power with its age, the session, the lock-out and the profile as it was measured', async () => {
    const { service } = world.domain;
    const before = await service.bmcReport(existing.chassis);
    expect((await get('/bmc')).json()).toEqual({
      inventory: {
        chassisUuid: existing.chassis,
        powerStatus: 'ON',
        powerStatusDate: 'Nov 14, 2017 10:20:57 PM',
        session: { open: true, users: 1, openDate: 'Nov 14, 2017 10:20:57 PM' },
        lockOut: { username: 'root', failures: 0, lockedOut: false },
        findings: [],
      },
    });
    service.bmcReport = async () => ({
      ...before,
      power: { kind: 'unknown', reason: 'locked-out', since: 1_510_698_057_000 },
      profile: testProfile,
      lastError: { code: 'auth-failed', text: 'wrong', at: 1, nextTryAt: 2 },
    });
    const { inventory } = (await get('/bmc')).json<{ inventory: Record<string, unknown> }>();
    expect(inventory).toMatchObject({
      powerStatus: 'UNKNOWN',
      powerStatusReason: 'locked-out',
      device: { vendor: 'Supermicro', firmware: '1.05' },
      lastError: { code: 'auth-failed', text: 'wrong' },
    });
    expect(inventory['profile']).toEqual(testProfile);
  });

  it('may be looked at by an Auditor, who may change nothing', async () => {
    const { session } = await newUser(world, adminOf(world), 'bob', 'Auditor');
    const as = { ...world, authorization: `OAuth ${session}` };
    for (const path of ['/sensors', '/sel', '/fru', '/bmc'])
      expect((await callApi(as, 'GET', `${chassis}${path}`)).statusCode).toBe(200);
    const refused = await callApi(as, 'PUT', `${chassis}/actions`, { clearBaremetalChassisSel: {} });
    expect(refused.body).toContain('ID.1002');
  });

  it('is no chassis, or a fault of the BMC, by its code', async () => {
    expect((await callApi(world, 'GET', `/baremetal/chassis/${uuid()}/bmc`)).body).toContain(
      'BAREMETAL.1010',
    );
    world.domain.fail = new ProvisionError('bmc-failed', 'BMC 1.1.1.1:623: locked out');
    const answer = await get('/sensors');
    expect([answer.statusCode, answer.body]).toEqual([503, expect.stringContaining('SYS.1006')]);
  });
});

describe('what is done with a BMC', () => {
  it.each([
    ['identifyBaremetalChassis', {}, 'identifyLight', { seconds: 15, force: false }],
    ['identifyBaremetalChassis', { seconds: 0, force: true }, 'identifyLight', { seconds: 0, force: true }],
    ['clearBaremetalChassisSel', {}, 'clearEventLog', undefined],
    ['resetBaremetalChassisBmc', { kind: 'cold' }, 'resetBmc', 'Cold'],
    ['releaseBaremetalChassisBmc', {}, 'releaseBmc', undefined],
  ] as const)('%s %j', async (name, params, method, argument) => {
    const answer = await act(name, params);
    expect([answer.statusCode, answer.json()]).toEqual([200, {}]);
    const rest = argument === undefined ? [] : [argument];
    expect(lastCall()).toEqual([method, existing.chassis, ...rest]);
  });

  it('answers what was measured, and tries boot flags only where that is asked for', async () => {
    for (const [params, probeBoot] of [
      [{}, false],
      [{ probeBoot: 'true' }, true],
    ] as const) {
      const answer = await act('measureBaremetalChassisBmc', params);
      expect(answer.json()).toMatchObject({ inventory: { chassisUuid: existing.chassis } });
      expect(world.domain.calls).toContainEqual(['measureBmc', existing.chassis, { probeBoot }]);
    }
  });

  it('refuses wrong parameters by name', async () => {
    for (const [name, params, parameter] of [
      ['identifyBaremetalChassis', { seconds: 256 }, 'seconds'],
      ['resetBaremetalChassisBmc', {}, 'kind'],
      ['resetBaremetalChassisBmc', { kind: 'Hot' }, 'kind'],
    ] as const) {
      const answer = await act(name, params);
      expect([answer.statusCode, answer.body]).toEqual([503, expect.stringContaining(parameter)]);
    }
  });

  it('hides K_G like a password', async () => {
    await act('updateBaremetalChassis', { ipmiKg: 'canary-kg' });
    expect(lastCall()).toEqual(['updateChassis', existing.chassis, { ipmiKg: 'canary-kg' }]);
    const shown = await get('');
    expect(shown.json()).toMatchObject({ inventory: { ipmiKg: '******' } });
    expect([shown.body, ...world.log.lines, world.store.writtenText()].join('\n')).not.toContain('canary-kg');
  });
});

describe('a scan', () => {
  const canary = 'canary-5c0e-pass';
  const wish = {
    ranges: ['192.0.2.0/24'],
    port: 6230,
    credentials: [{ username: 'root', password: canary }],
    thorough: true,
    packetsPerSecond: 100,
  };
  const scan = (params: object) =>
    callApi(world, 'PUT', '/baremetal/bmcs/actions', { scanBaremetalBmcs: params });

  it('answers rows and a file without passwords, and tells how far it is', async () => {
    const job = uuid();
    const begun = await world.api.inject({
      method: 'PUT',
      url: '/v1/baremetal/bmcs/actions',
      headers: { authorization: world.authorization, 'x-job-uuid': job },
      payload: { scanBaremetalBmcs: wish },
    });
    const answer = await pollJob(world.api, begun.json<{ location: string }>().location);
    expect(answer.json()).toMatchObject({
      inventories: [{ address: '192.0.2.9', username: 'root', vendor: 'Dell' }],
      csv: expect.stringContaining('bmc-192-0-2-9'),
      total: 2,
      complete: true,
    });
    expect(lastCall()).toEqual(['scanBmcs', wish]);
    const progress = await callApi(world, 'GET', `/task-progresses/${job}?all=true`);
    expect(progress.body).toContain('1 of 2 addresses, 1 BMCs found');
  });

  it('leaves its credentials nowhere', async () => {
    await scan(wish);
    await scan({ ...wish, packetsPerSecond: 0 });
    await scan({ ...wish, credentials: [{ username: canary, password: 5 }] });
    await scan({ ...wish, credentials: canary });
    world.domain.fail = new ProvisionError('invalid-argument', 'ranges: "x" is no address');
    await scan(wish);
    const audit = await callApi(world, 'GET', '/audits?sort=-createDate');
    expect(audit.body).toContain('ScanBaremetalBmcs');
    const everything = [audit.body, ...world.log.lines, world.store.writtenText()].join('\n');
    expect(everything).not.toContain(canary);
    expect(everything).toContain('192.0.2.0/24');
  });
});
