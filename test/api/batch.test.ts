import { afterEach, beforeEach, expect, it } from 'vitest';
import { applyBatch } from '../../src/api/batch/apply.ts';
import type { BatchLine } from '../../src/api/batch/line.ts';
import { ProvisionError } from '../../src/provision/index.ts';
import type { ChassisInput } from '../../src/provision/service.ts';
import { adminPassword, type ApiWorld, callApi, openApi, pollJob } from '../support/api-world.ts';
import { uuid } from '../support/records.ts';

let world: ApiWorld;
beforeEach(async () => {
  world = await openApi();
});
afterEach(async () => {
  await world.close();
});

const path = '/baremetal/chassis/from-file';
const canary = 'canary-7e1f';
const header = 'name,ipmiAddress,ipmiUsername,ipmiPassword,cluster,tags,nics,rootPassword';
const fileOf = (...lines: readonly string[]): string => [header, ...lines].join('\r\n');
const lineOf = (number: number, rest = ',,,'): string =>
  `node ${number},192.0.2.${number},ADMIN,${canary}-${number},${rest}`;
const nics = (number: number): string => `52:54:00:00:0${number}:01 pxe 10.0.0.${number}/24`;

interface Result {
  readonly line: number;
  readonly name: string;
  readonly success: boolean;
  readonly uuid?: string;
  readonly error?: { readonly code: string; readonly details: string };
}
const send = (where: string, baremetalChassisInfo: unknown) =>
  callApi(world, 'POST', where, { params: { baremetalChassisInfo } });
const chassis = async () =>
  (await callApi(world, 'GET', '/baremetal/chassis?sort=name')).json<{
    inventories: { uuid: string; name: string; ipmiAddress: string }[];
  }>().inventories;
async function made(where: string, params: object): Promise<string> {
  const answer = await callApi(world, 'POST', where, { params });
  return answer.json<{ inventory: { uuid: string } }>().inventory.uuid;
}

it('checks a file at once and lists its faults', async () => {
  await made('/baremetal/chassis', {
    name: 'old',
    ipmiAddress: '192.0.2.2',
    ipmiUsername: 'ADMIN',
    ipmiPassword: canary,
  });
  const content = fileOf(lineOf(1), lineOf(2), lineOf(3, 'nowhere,,,'));
  const answer = await world.api.inject({
    method: 'POST',
    url: `/v1${path}/check`,
    headers: { authorization: world.authorization },
    payload: { params: { baremetalChassisInfo: Buffer.from(content).toString('base64') } },
  });
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toEqual({
    success: false,
    total: 3,
    faultCount: 2,
    faults: [
      { line: 3, column: 'ipmiAddress', fault: 'the BMC 192.0.2.2:623 belongs to chassis "old" already' },
      { line: 4, column: 'cluster', fault: 'there is no such cluster; QueryCluster lists them' },
    ],
  });
  expect((await send(`${path}/check`, fileOf(lineOf(1)))).json()).toEqual({
    success: true,
    total: 1,
    faultCount: 0,
    faults: [],
  });
  expect(await chassis()).toHaveLength(1);
});

it('creates each line with its tags, cluster and hostcfg', async () => {
  const zoneUuid = await made('/zones', { name: 'hall' });
  const cluster = await made('/clusters', { zoneUuid, name: 'rack 1', hypervisorType: 'KVM' });
  const answer = await send(
    path,
    fileOf(
      lineOf(1, `rack 1,bootMode::uefi;skipIpmiCheck::true;user:row A,${nics(1)},${canary}-root`),
      lineOf(2),
    ),
  );
  expect(answer.statusCode).toBe(200);
  const rows = await chassis();
  expect(answer.json()).toEqual({
    inventories: rows.map(({ uuid, name }, index) => ({ line: index + 2, name, success: true, uuid })),
    total: 2,
    succeeded: 2,
    failed: 0,
  });
  const [first] = rows;
  const uuid = first?.uuid ?? '';
  expect(await world.store.platform.placement.clusterOf('chassis', uuid)).toBe(cluster);
  const tags = (await world.store.platform.tags.listTags(uuid)).map(({ type, tag }) => [type, tag]);
  expect(tags).toContainEqual(['User', 'row A']);
  expect(tags).toContainEqual(['System', 'bootMode::uefi']);
  expect(tags.flat()).not.toContain('skipIpmiCheck::true');
  expect(world.domain.calls.filter(([name]) => name === 'createHostCfg')).toMatchObject([
    ['createHostCfg', { chassisUuid: uuid, password: `${canary}-root` }],
  ]);
  expect(world.domain.calls.find(([name]) => name === 'createChassis')).toMatchObject([
    'createChassis',
    { systemTags: ['bootMode::uefi', 'skipIpmiCheck::true'], ipmiPassword: `${canary}-1` },
  ]);
});

it('shows its progress to who polls for it', async () => {
  const apiId = uuid();
  const answer = await world.api.inject({
    method: 'POST',
    url: `/v1${path}`,
    headers: { authorization: world.authorization, 'x-job-uuid': apiId },
    payload: { params: { baremetalChassisInfo: fileOf(lineOf(1), lineOf(2)) } },
  });
  await pollJob(world.api, answer.json<{ location: string }>().location);
  const progress = await callApi(world, 'GET', `/task-progresses/${apiId}?all=true`);
  expect(progress.body).toContain('created 2 of 2 (0 failed)');
});

it('refuses a faulty file as a whole with its first 20 faults', async () => {
  const bad = Array.from({ length: 25 }, (_, index) =>
    `n,here,ADMIN,${canary},,,,`.replace('n,', `n${index},`),
  );
  const answer = await send(path, fileOf(lineOf(1), ...bad));
  expect(answer.statusCode).toBe(503);
  const { error } = answer.json<{ error: { code: string; details: string } }>();
  expect(error.code).toBe('SYS.1007');
  expect(error.details).toContain('has 25 faults and nothing was created');
  expect(error.details).toContain('line 3, ipmiAddress: must be an IPv4 address');
  expect(error.details.match(/line \d+/g)).toHaveLength(20);
  expect(await chassis()).toEqual([]);
});

it('lets a line fail alone, and the file be applied again for it', async () => {
  const content = fileOf(lineOf(1), lineOf(2), lineOf(3));
  const real = { ...world.domain.service };
  Object.assign(world.domain.service, {
    createChassis: async (input: ChassisInput) => {
      if (input.name !== 'node 2') return real.createChassis(input);
      throw new ProvisionError('bmc-failed', `the BMC refused ${input.ipmiPassword}`);
    },
  });
  const first = (await send(path, content)).json<{ inventories: Result[] }>();
  expect(first).toMatchObject({ total: 3, succeeded: 2, failed: 1 });
  expect(first.inventories[1]).toMatchObject({
    line: 3,
    name: 'node 2',
    success: false,
    error: { code: 'SYS.1006', details: 'the BMC refused ******' },
  });
  Object.assign(world.domain.service, real);
  const before = await chassis();
  const second = (await send(path, content)).json<{ inventories: Result[] }>();
  expect(second).toMatchObject({ total: 3, succeeded: 1, failed: 2 });
  expect(second.inventories.map(({ success }) => success)).toEqual([false, true, false]);
  expect(second.inventories[0]?.error).toMatchObject({
    code: 'SYS.1007',
    details: 'the BMC 192.0.2.1:623 belongs to chassis "node 1" already',
  });
  const after = await chassis();
  expect(after).toHaveLength(3);
  expect(after).toEqual(expect.arrayContaining(before));
});

it('takes the chassis back when a later part of its line is refused', async () => {
  Object.assign(world.domain.service, {
    createHostCfg: async () => {
      throw new ProvisionError('invalid-argument', 'cfgItems: that NIC is another machine’s');
    },
  });
  const answer = await send(path, fileOf(lineOf(1, `,,${nics(1)},`), lineOf(2)));
  expect(answer.json<{ inventories: Result[] }>().inventories).toMatchObject([
    { success: false, error: { code: 'SYS.1007' } },
    { success: true },
  ]);
  expect((await chassis()).map(({ name }) => name)).toEqual(['node 2']);
  Object.assign(world.domain.service, {
    deleteChassis: async () => {
      throw new Error('not now');
    },
  });
  const stuck = (await send(path, fileOf(lineOf(3, `,,${nics(1)},`)))).json<{ inventories: Result[] }>();
  const left = (await chassis()).find(({ name }) => name === 'node 3');
  expect(stuck.inventories[0]?.error?.details).toContain(`the chassis ${left?.uuid} could not be taken back`);
});

it('keeps what the file holds out of answers, the log and the disk', async () => {
  const good = fileOf(lineOf(1, `,,${nics(1)},${canary}-root`));
  const bad = fileOf(`node,192.0.2.9,${canary}-slipped,ADMIN,${canary}-moved,${canary},,`);
  const answers = [await send(path, good), await send(path, good), await send(path, bad)];
  answers.push(await send(`${path}/check`, bad), await send(`${path}/check`, `${canary},`));
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 503, 200, 200]);
  for (const { body } of answers) expect(body).not.toContain(canary);
  expect(world.log.lines.join('\n')).not.toContain(canary);
  const written = world.store.writtenText();
  expect(written).toContain('node 1');
  expect(written).not.toContain(canary);
  expect(written).not.toContain(Buffer.from(good).toString('base64').slice(0, 40));
  expect(written).not.toContain(adminPassword);
});

it.each([
  ['absent', undefined, 'baremetalChassisInfo is mandatory'],
  ['empty', '', 'must be a CSV file'],
  ['a list', [], 'must be a CSV file'],
  ['too long', 'a,'.repeat(460_801), 'at most 900 KiB'],
])('refuses a file that is %s', async (_what, content, words) => {
  for (const where of [path, `${path}/check`]) {
    const answer = await send(where, content);
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({
      error: { code: 'SYS.1007', details: expect.stringContaining(words) as string },
    });
  }
});

it('works on as many lines at a time as the setting says', async () => {
  await world.platform.settings.update('baremetal', 'batchCreate.parallel', '3');
  let most = 0;
  let now = 0;
  const real = { ...world.domain.service };
  Object.assign(world.domain.service, {
    createChassis: async (input: ChassisInput) => {
      now += 1;
      most = Math.max(most, now);
      const uuid = await real.createChassis(input);
      now -= 1;
      return uuid;
    },
  });
  const lines = Array.from({ length: 20 }, (_, index) => lineOf(index + 1));
  expect((await send(path, fileOf(...lines))).json()).toMatchObject({ succeeded: 20, failed: 0 });
  expect(most).toBe(3);
});

it('tells its progress, at most once a percent, to the end', async () => {
  const told: (readonly [string, number | undefined])[] = [];
  const progress = {
    report: (stage: string, percent?: number) => void told.push([stage, percent]),
    subTask: () => progress,
  };
  const lines = Array.from(
    { length: 400 },
    (_, index) => ({ line: index + 2, name: `n${index}`, ipmiPassword: 'x' }) as BatchLine,
  );
  const create = async ({ line }: BatchLine): Promise<string> => {
    if (line % 100 === 0) throw new Error('a fault of the program that names secrets');
    return `${line}`;
  };
  const results = await applyBatch(lines, create, { parallel: 8, progress });
  expect(results).toMatchObject({ total: 400, succeeded: 396, failed: 4 });
  expect(results.inventories.map(({ line }) => line)).toEqual(lines.map(({ line }) => line));
  expect(JSON.stringify(results)).not.toContain('names secrets');
  const percents = told.map(([, percent]) => percent ?? -1);
  expect(percents).toEqual([...new Set(percents)].toSorted((a, b) => a - b));
  expect(told.length).toBeGreaterThan(40);
  expect(told[0]).toEqual(['created 0 of 400 (0 failed)', 0]);
  expect(told.at(-1)).toEqual(['created 396 of 400 (4 failed)', 100]);
});
