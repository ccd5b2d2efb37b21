import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiError } from '../../src/api/errors.ts';
import { parseCondition, parseQuery } from '../../src/api/zstack/query.ts';
import { callApi, openApi } from '../support/api-world.ts';
import type { ApiWorld } from '../support/api-world.ts';

const codeOf = (run: () => unknown): string | undefined => {
  try {
    run();
  } catch (error) {
    return (error as ApiError).code;
  }
  return undefined;
};

describe('conditions', () => {
  it.each([
    ['uuid=bfa6', 'uuid', '=', 'bfa6'],
    ['name!=x', 'name', '!=', 'x'],
    ['a>=1', 'a', '>=', '1'],
    ['a<=1', 'a', '<=', '1'],
    ['a>1', 'a', '>', '1'],
    ['a<1', 'a', '<', '1'],
    ['name?=a, b', 'name', '?=', 'a, b'],
    ['name!?=a,b', 'name', '!?=', 'a,b'],
    ['name~=In%', 'name', '~=', 'In%'],
    ['name!~=In%', 'name', '!~=', 'In%'],
    ['name is null', 'name', 'is null', ''],
    ['name not null', 'name', 'not null', ''],
    [' name = x ', 'name', '=', ' x '],
    ['nicCfgs.ip=10.0.0.1', 'nicCfgs.ip', '=', '10.0.0.1'],
    ['__systemTag__=a::b', '__systemTag__', '=', 'a::b'],
    // The product looks for its operators in a fixed order, anywhere in the text.
    ['name=a!=b', 'name=a', '!=', 'b'],
    ['name=x is null', 'name', '=', 'x is null'],
    ['name=a>b', 'name', '=', 'a>b'],
    ['name~=a?=b', 'name', '~=', 'a?=b'],
    ['name=', 'name', '=', ''],
  ])('%s', (text, field, operator, value) => {
    expect(parseCondition(text)).toEqual({ field, operator, value });
  });

  it.each(['', 'name', '=x', 'isnull', ' not null'])('refuses %j', (text) => {
    expect(codeOf(() => parseCondition(text))).toBe('bad-query');
  });
});

describe('parameters', () => {
  it('has the defaults of the product', () => {
    expect(parseQuery('chassis', {})).toEqual({
      request: {
        resource: 'chassis',
        conditions: [],
        limit: 1000,
        start: 0,
        sort: undefined,
        countOnly: false,
        withTotal: false,
      },
      fields: undefined,
    });
  });

  it.each([
    [{ sort: '+name' }, { field: 'name', direction: 'asc' }],
    [{ sort: ' name' }, { field: 'name', direction: 'asc' }],
    [{ sort: 'name' }, { field: 'name', direction: 'asc' }],
    [{ sort: '-name' }, { field: 'name', direction: 'desc' }],
    [{ sort: ' null' }, undefined],
    [{ sortBy: 'name' }, { field: 'name', direction: 'asc' }],
    [
      { sortBy: 'name', sortDirection: 'DESC' },
      { field: 'name', direction: 'desc' },
    ],
    [{ sortDirection: 'desc' }, undefined],
  ])('sort %j', (query, sort) => {
    expect(parseQuery('chassis', query).request.sort).toEqual(sort);
  });

  it('takes both spellings of fields', () => {
    expect(parseQuery('chassis', { fields: 'uuid,name' }).fields).toEqual(['uuid', 'name']);
    expect(parseQuery('chassis', { fields: ['uuid', 'name', 'uuid'] }).fields).toEqual(['uuid', 'name']);
  });

  it.each([
    [{ limit: 'x' }, 'bad-query'],
    [{ limit: '-1' }, 'bad-query'],
    [{ limit: '1.5' }, 'bad-query'],
    [{ limit: '2147483648' }, 'bad-query'],
    [{ start: 'x' }, 'bad-query'],
    [{ count: 'maybe' }, 'bad-query'],
    [{ replyWithCount: '1' }, 'bad-query'],
    [{ q: Array.from({ length: 101 }, () => 'a=b') }, 'bad-query'],
    [{ sortBy: 'name', sortDirection: 'up' }, 'bad-argument'],
    [{ fields: 'nicCfgs' }, 'bad-argument'],
    [{ groupBy: 'status' }, 'bad-argument'],
    [{ q: 'ipmiPassword~=a%' }, 'bad-argument'],
    [{ sort: '-ipmiPassword' }, 'bad-argument'],
  ])('refuses %j', (query, code) => {
    expect(codeOf(() => parseQuery('chassis', query))).toBe(code);
  });
});

describe('lists over HTTP', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApi();
    for (const name of ['a', 'b', 'c']) {
      const uuid = name.repeat(32);
      world.domain.rows.chassis.set(uuid, { uuid, name, ipmiPassword: 'kept-out', createDate: 0 });
    }
  });
  afterAll(() => world.api.close());

  const get = async (search: string): Promise<[number, Record<string, unknown>]> => {
    const answer = await callApi(world, 'GET', `/baremetal/chassis${search}`);
    return [answer.statusCode, answer.json()];
  };

  it('answers rows, totals, counts, pages and chosen fields', async () => {
    expect((await get('?q=name=b'))[1]).toEqual({
      inventories: [
        { uuid: 'b'.repeat(32), name: 'b', ipmiPassword: '******', createDate: 'Jan 1, 1970 12:00:00 AM' },
      ],
    });
    expect((await get('?count=true'))[1]).toEqual({ total: 3 });
    expect((await get('?fields=name&sort=-name&limit=1&start=1&replyWithCount=true'))[1]).toEqual({
      inventories: [{ name: 'b' }],
      total: 3,
    });
    expect((await get('?q=name!=a&q=name!=b&fields=name'))[1]).toEqual({ inventories: [{ name: 'c' }] });
    expect((await get('?sort=+name&fields=name&limit=2'))[1]).toEqual({
      inventories: [{ name: 'a' }, { name: 'b' }],
    });
  });

  it('answers faults with the status of the product', async () => {
    expect((await get('?limit=many'))[0]).toBe(400);
    expect((await get('?q=nonsense'))[0]).toBe(400);
    const [status, body] = await get('?q=colour=red');
    expect([status, (body['error'] as { code: string }).code]).toEqual([503, 'SYS.1007']);
  });

  it('ignores unknown parameters', async () => {
    expect((await get('?condition=name=x&timeout=5&limit=1&sessionId=1'))[0]).toBe(200);
  });
});
