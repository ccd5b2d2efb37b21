import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { queryOperators } from '../../src/api/ports.ts';
import { apiTable } from '../../src/api/routes/index.ts';
import { existing, seedRows } from '../support/api-rows.ts';
import type { ApiWorld } from '../support/api-world.ts';
import { openApi } from '../support/api-world.ts';
import { protocolCases } from '../support/cases.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await openApi();
});
afterAll(() => world.close());

const words = [
  '',
  'null',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  "'; DROP TABLE x; --",
  '%',
  '${x}',
];
const oddText = fc.oneof(
  fc.string(),
  fc.constantFrom(...words),
  fc.string({ unit: 'binary', maxLength: 40 }),
);
const oddValue = fc.oneof(
  oddText,
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom(
    existing.chassis,
    '623',
    623,
    true,
    'TRUE',
    'Provisioned',
    '10.0.0.1',
    Number.POSITIVE_INFINITY,
    -1,
    1e21,
  ),
);
const names = [...new Set(apiTable.flatMap(({ params }) => Object.keys(params.properties)))];
const keys = [...new Set(apiTable.flatMap((api) => api.keys))];

const members = fc.dictionary(
  fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...names) }, oddText),
  oddValue,
  {
    maxKeys: 8,
  },
);
const body = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .dictionary(fc.constantFrom(...keys, 'systemTags', 'userTags'), fc.oneof(members, oddValue), {
        maxKeys: 3,
      })
      .map((value) => JSON.stringify(value)),
  },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: oddText },
);
const variable = fc.oneof(fc.constantFrom(existing.chassis, existing.hostcfg, 'x'), oddText);
const jobs = { method: 'GET', path: '/api-jobs/:uuid' } as const;
const target = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.constantFrom<{ method: string; path: string }>(...apiTable, jobs), variable)
      .map(([{ method, path }, value]) => ({
        method,
        path: path.replaceAll(/:\w+/g, encodeURIComponent(value) || 'x'),
      })),
  },
  { weight: 1, arbitrary: fc.record({ method: fc.constant('GET'), path: fc.webPath() }) },
);
const otherMethod = fc.option(fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'), {
  freq: 4,
});
const pathWords =
  'uuid name status createDate ipmiPort vnc __systemTag__ __userTag__ cluster zone chassis hostCfg nicCfgs users mac toString __proto__'.split(
    ' ',
  );
/** Conditions that get past the parser: known names, nested ones and tags among them, with any operator and value. */
const condition = fc
  .tuple(
    fc.array(fc.constantFrom(...pathWords), { minLength: 1, maxLength: 4 }),
    fc.constantFrom(...queryOperators),
    oddText,
  )
  .map(([path, operator, value]) =>
    operator.endsWith('null') ? `${path.join('.')} ${operator}` : `${path.join('.')}${operator}${value}`,
  );
const search = fc.oneof(
  fc
    .array(condition, { minLength: 1, maxLength: 4 })
    .map((list) => `?${list.map((text) => `q=${encodeURIComponent(text)}`).join('&')}`),
  fc.constant(''),
  fc
    .array(
      fc.tuple(
        fc.constantFrom(
          'q',
          'limit',
          'start',
          'count',
          'sort',
          'sortBy',
          'fields',
          'groupBy',
          'deleteMode',
          'systemTags',
        ),
        oddText,
      ),
      { maxLength: 5 },
    )
    .map((pairs) => `?${pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`),
  fc.webQueryParameters().map((text) => `?${text}`),
);
const headerText = fc.oneof(
  fc.string({ unit: 'grapheme-ascii' }),
  fc.constantFrom('0'.repeat(32), 'a'.repeat(31), 'http://[', 'ftp://x'),
);
const headers = fc.record(
  {
    'x-job-uuid': headerText,
    'content-type': headerText,
    host: headerText,
    'accept-version': headerText,
    accept: headerText,
  },
  { requiredKeys: [] },
);
const authorization = fc.oneof(
  { weight: 5, arbitrary: fc.constant('live') },
  {
    weight: 1,
    arbitrary: fc.oneof(
      headerText,
      headerText.map((text) => `OAuth ${text}`),
    ),
  },
);

it('any request gets an answer of the contract: never a 500, a stack or SQL', async () => {
  const seen = new Map<number, number>();
  const request = fc.tuple(
    otherMethod,
    fc.constantFrom('/v1', '/zstack/v1', ''),
    target,
    search,
    body,
    headers,
    authorization,
  );
  await fc.assert(
    fc.asyncProperty(request, async ([other, prefix, target, search, payload, headers, login]) => {
      const { path } = target;
      const method = other ?? target.method;
      const withBody = method === 'POST' || method === 'PUT' || method === 'DELETE';
      const answer = await world.api.inject({
        method,
        url: `${prefix}${path}${search}` || '/',
        headers: { ...headers, authorization: login === 'live' ? world.authorization : login },
        ...(withBody ? { payload } : {}),
      });
      seen.set(answer.statusCode, (seen.get(answer.statusCode) ?? 0) + 1);
      expect([200, 202, 400, 404, 405, 503]).toContain(answer.statusCode);
      expect(answer.body).not.toMatch(/node_modules|\.ts:\d|\bat \w+ \(|SQLITE|SELECT /);
      if (method === 'HEAD') return;
      const json = answer.json<{ error?: { code: string } }>();
      const { code = 'none' } = json.error ?? {};
      const isError = answer.statusCode >= 400;
      expect([isError, /^(?:SYS|ID|BAREMETAL)\.\d{4}$/.test(code)]).toEqual([isError, isError]);
      expect(code).not.toBe('SYS.1000');
      if (world.domain.calls.length > 1000) {
        world.domain.calls.length = 0;
        world.log.lines.length = 0;
        await seedRows(world);
      }
    }),
    { numRuns: protocolCases() },
  );
  expect(world.store.writtenText()).not.toContain('SYS.1000');
  // The generator reaches the depths: every kind of answer was met.
  expect([...seen.keys()].toSorted((a, b) => a - b)).toEqual([200, 202, 400, 404, 405, 503]);
  expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('polluted');
}, 600_000);
