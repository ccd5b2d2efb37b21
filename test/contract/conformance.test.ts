import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiTable } from '../../src/api/routes/index.ts';
import { unimplementedApis } from '../../src/api/routes/unimplemented/index.ts';
import { allNames, type ContractApi, contractApis, outOfScope } from './contract.ts';
import { openPopulated, type PopulatedWorld } from './populated.ts';
import { sampleCall, send } from './sample-call.ts';

const later = new Set(unimplementedApis.map(({ name }) => name));
const servedApis = contractApis.filter(({ name }) => !later.has(name) && !outOfScope.has(name));
const nobody = '0'.repeat(32);

let world: PopulatedWorld;
const openOnce = (): void => {
  beforeAll(async () => {
    world = await openPopulated();
  });
  afterAll(() => world.close());
};

afterAll(() => {
  const names = new Set(apiTable.map(({ name }) => name));
  const served = allNames.filter((name) => names.has(name) && !later.has(name)).length;
  const known = allNames.filter((name) => later.has(name)).length;
  const foreign = allNames.length - served - known;
  process.stdout.write(
    `contract: ${served} served, ${known} known and answered by SYS.1014, ${foreign} answered as out of scope, of ${allNames.length}\n`,
  );
});

/** Member paths of a value with their types, list items as []. */
function shapeOf(value: unknown, at = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => shapeOf(item, `${at}[]`));
  if (typeof value !== 'object' || value === null) return [`${at}:${typeof value}`];
  return Object.entries(value).flatMap(([name, inner]) => shapeOf(inner, `${at}.${name}`));
}

/** Members of the manual's samples that lie in resources that this toolkit has not: volumes, networks and backup storages. */
const absent: readonly RegExp[] = [
  /\.(?:rootVolumeUuid|defaultL3NetworkUuid):/,
  /\.vmNics\[\]\.(?:usedIpUuid|ip|netmask|gateway):/,
  /\.allVolumes\[\]\.(?:uuid|primaryStorageUuid|diskOfferingUuid|rootImageUuid|size|actualSize|createDate|lastOpDate):/,
  /\.backupStorageRefs\[\]\./,
  /\.cpuSpeed:/,
];
/** Stopped VMs are on no host. */
const stopped = new Set(['StopVmInstance', 'RecoverVmInstance']);

/** Shapes that the manual's sample has and the product, or our decision, has not. */
const corrected: Readonly<Record<string, readonly string[]>> = {
  // The sample says validSession, the table and the product valid.
  ValidateSession: ['.valid:boolean'],
  // The sample shows a user's members; the table those of a tag.
  KvmRunShell: [],
  QueryUserTag: ['.inventories[].uuid:string', '.inventories[].tag:string', '.inventories[].type:string'],
};

const cases = servedApis.flatMap((api) =>
  api.paths.map((path) => [`${api.name} ${api.method} ${path}`, api, path] as const),
);

/** Members that the answer to a sample must have. */
const wishedOf = ({ name, answer }: ContractApi): readonly string[] =>
  (corrected[name] ?? shapeOf(answer.sample ?? {})).filter(
    (shape) =>
      !absent.some((pattern) => pattern.test(shape)) &&
      !(stopped.has(name) && shape.startsWith('.inventory.hostUuid:')),
  );
const good = [200, 'application/json; charset=utf-8', expect.any(String)];

describe('the sample request of the manual that reads', () => {
  openOnce();
  it.each(cases.filter(([, { method }]) => method === 'GET'))('%s', async (_title, api, path) => {
    const answer = await send(sampleCall(api, path, world), world);
    expect([answer.statusCode, answer.headers['content-type'], answer.body]).toEqual(good);
    expect(shapeOf(answer.json())).toEqual(expect.arrayContaining([...wishedOf(api)]));
  });
});

describe('the sample request of the manual that changes something', () => {
  // A world each: samples delete what others need.
  beforeEach(async () => {
    world = await openPopulated();
  });
  afterEach(() => world.close());
  it.each(cases.filter(([, { method }]) => method !== 'GET'))('%s', async (_title, api, path) => {
    const answer = await send(sampleCall(api, path, world), world);
    expect([answer.statusCode, answer.headers['content-type'], answer.body]).toEqual(good);
    expect(shapeOf(answer.json())).toEqual(expect.arrayContaining([...wishedOf(api)]));
  });
});

const isAsked = (api: ContractApi): boolean => api.method === 'POST' || api.method === 'PUT';

describe('a required parameter left out', () => {
  openOnce();
  const rows = servedApis.flatMap((api) =>
    api.params
      .filter((parameter) => parameter.required && parameter.in === 'body' && isAsked(api))
      .map(({ name }) => [`${api.name}.${name}`, api, name] as const),
  );
  it.each(rows)('%s', async (_title, api, name) => {
    const call = sampleCall(api, api.paths[0] ?? '', world);
    delete call.params[name];
    const answer = await send(call, world);
    // The manual calls the port required; the product, and we, take 623. Images here lie on no backup storage.
    const isOptional = name === 'ipmiPort' || name === 'backupStorageUuids';
    expect([answer.statusCode, answer.body]).toEqual([
      isOptional ? 200 : 503,
      isOptional ? expect.any(String) : expect.stringMatching(new RegExp(`SYS\\.1007.*${name}|ID\\.1000`)),
    ]);
  });
});

describe('a wrong value of an enumeration', () => {
  openOnce();
  const rows = servedApis.flatMap((api) =>
    api.params
      .filter(({ values }) => values !== undefined)
      .map(({ name }) => [`${api.name}.${name}`, api, name] as const),
  );
  it.each(rows)('%s', async (_title, api, name) => {
    const call = sampleCall(api, api.paths[0] ?? '', world);
    call.params[name] = 'no-such-value';
    const answer = await send(call, world);
    expect([answer.statusCode, answer.body]).toEqual([503, expect.stringContaining('SYS.1007')]);
    expect(answer.body).toContain(name);
  });
});

describe('a uuid of nothing', () => {
  openOnce();
  const rows = servedApis.flatMap((api) =>
    api.params
      .filter(({ name }) => /uuid$/i.test(name))
      // The uuid of a resource that is to be made is a wish, not a reference.
      .filter(({ name }) => name !== 'resourceUuid' || api.name.endsWith('Tag'))
      .map(({ name, in: place }) => [`${api.name}.${name}`, api, name, place] as const),
  );
  it.each(rows)('%s', async (_title, api, name, place) => {
    const path = api.paths.find((one) => place !== 'url' || one.includes('{')) ?? '';
    const call = sampleCall(api, path, world);
    if (place === 'url') {
      for (const variable of Object.keys(call.path)) call.path[variable] = nobody;
    } else if (place === 'query') call.query[name] = nobody;
    else call.params[name] = nobody;
    const answer = await send(call, world);
    // The manual deletes PCI device offerings by POST.
    if (api.method === 'DELETE' || api.name === 'DeletePciDeviceOffering')
      expect([answer.statusCode, answer.body]).toEqual([200, '{}']);
    else if (api.query) expect(answer.json()).toEqual({ inventories: [] });
    else if (api.name === 'ValidateSession') expect(answer.json()).toEqual({ valid: false });
    else {
      expect([answer.statusCode, answer.body]).toEqual([
        503,
        expect.stringMatching(/"code":"(?:SYS\.1003|SYS\.1007|BAREMETAL\.1010|BAREMETAL\.1200|ID\.1000)"/),
      ]);
    }
  });
});

describe('sync or async', () => {
  // The manual's chapter 2 says that every PUT is asynchronous; the product answers these two at once.
  const exceptions = new Set(['GetVersion', 'GetCurrentTime']);
  it('is what the manual and the product say', () => {
    for (const { name, async } of servedApis) {
      const rows = apiTable.filter((row) => row.name === name);
      expect([name, rows.length > 0]).toEqual([name, true]);
      for (const row of rows) expect([name, row.async]).toEqual([name, exceptions.has(name) ? false : async]);
    }
  });
});

describe('APIs whose services are to come', () => {
  openOnce();
  const rows = contractApis.filter(({ name }) => later.has(name));
  it('are registered, all of them', () => {
    expect(new Set(rows.map(({ name }) => name))).toEqual(later);
  });
  it.each(rows.map((api) => [api.name, api] as const))('%s answers SYS.1014', async (_name, api) => {
    const values = (name: string): unknown => api.params.find((one) => one.name === name)?.values?.[0];
    const call = sampleCall(api, api.paths[0] ?? '', world);
    for (const { name, in: place, type } of api.params) {
      if (place === 'url' || call.params[name] !== undefined) continue;
      const fitting = /^(?:List|Set)$/.test(type) ? ['x'] : /^(?:int|long)/i.test(type) ? 1 : 'x';
      if (name === 'deleteMode') continue;
      call.params[name] = values(name) ?? (/bool/i.test(type) ? true : fitting);
    }
    delete call.params['resourceUuid'];
    delete call.params['dataVolumeSystemTagsOnIndex'];
    const asked = api.method === 'GET' ? { ...call, query: { uuid: nobody }, params: {} } : call;
    const answer = await send(asked, world);
    expect([answer.statusCode, answer.json<{ error: { code: string } }>().error.code]).toEqual([
      503,
      'SYS.1014',
    ]);
  });
});
