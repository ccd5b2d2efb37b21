import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiTable } from '../../src/api/routes/index.ts';
import { existing, seedRows } from '../support/api-rows.ts';
import type { ApiWorld } from '../support/api-world.ts';
import { adminPassword, openApi, pollJob } from '../support/api-world.ts';

/** One API as the manual prints it. */
interface Sample {
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly async: boolean;
  readonly requiredInManual: readonly string[];
  readonly enums: Readonly<Record<string, readonly string[]>>;
  readonly request: Record<string, Record<string, unknown>> | null;
  readonly answer: Record<string, unknown>;
}

const folder = resolve(import.meta.dirname, '../fixtures/contract');
const samples = readdirSync(folder).flatMap(
  (file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as readonly Sample[],
);

let world: ApiWorld;
beforeAll(async () => {
  world = await openApi();
});
afterAll(() => world.api.close());

beforeEach(() => seedRows(world.domain.rows));

function pathOf({ path }: Sample): string {
  const resource = path.split('/')[3] ?? '';
  return path
    .replace(/^\/v1/, '')
    .replace('{sessionUuid}', '0'.repeat(32))
    .replace(/\{\w+\}/, existing[resource as 'chassis']);
}

/** Member paths of a value, list items as []. */
function shapeOf(value: unknown, at = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => shapeOf(item, `${at}[]`));
  if (typeof value !== 'object' || value === null) return [`${at}:${typeof value}`];
  return Object.entries(value).flatMap(([name, inner]) => shapeOf(inner, `${at}.${name}`));
}

describe('samples of the manual', () => {
  it('are all of the bare-metal chapter but the console', () => {
    expect(samples.length).toBe(27);
    expect(new Set(samples.map(({ name }) => name)).size).toBe(23);
  });

  it.each(samples.map((sample) => [`${sample.name} ${sample.method} ${sample.path}`, sample] as const))(
    '%s',
    async (_title, sample) => {
      const login = { logInByAccount: { accountName: 'admin', password: adminPassword } };
      const payload: Sample['request'] = sample.name === 'LogInByAccount' ? login : sample.request;
      if (sample.name === 'CreateBaremetalHostCfg')
        Object.assign(payload?.['params'] ?? {}, { chassisUuid: existing.chassis });

      const first = await world.api.inject({
        method: sample.method,
        url: `/v1${pathOf(sample)}`,
        headers: sample.path.startsWith('/v1/accounts') ? {} : { authorization: world.authorization },
        ...(payload ? { payload } : {}),
      });
      expect(first.statusCode).toBe(sample.async ? 202 : 200);
      expect(first.headers['content-type']).toBe('application/json; charset=utf-8');
      const answer = sample.async
        ? await pollJob(world.api, first.json<{ location: string }>().location)
        : first;
      expect([answer.statusCode, answer.body]).toEqual([200, expect.any(String)]);

      // The manual's table says `valid`, its sample `validSession`, the product `valid`.
      const wished = sample.name === 'ValidateSession' ? ['.valid:boolean'] : shapeOf(sample.answer);
      expect(shapeOf(answer.json())).toEqual(expect.arrayContaining(wished));
      const isEmpty = wished.length === 0;
      expect([isEmpty, Object.keys(answer.json<object>()).length === 0]).toEqual([isEmpty, isEmpty]);
    },
  );
});

describe('the table of APIs', () => {
  it('serves every sample under its name, sync or async as printed', () => {
    for (const sample of samples) {
      const rows = apiTable.filter(({ name }) => name === sample.name);
      expect([sample.name, rows.length > 0]).toEqual([sample.name, true]);
      expect([sample.name, rows[0]?.async]).toEqual([sample.name, sample.async]);
    }
  });

  it('marks every password secret', () => {
    const named = apiTable.flatMap(({ params }) => Object.entries(params.properties));
    const passwords = named.filter(([name]) => /password/i.test(name));
    expect(passwords.length).toBeGreaterThan(3);
    expect(passwords.filter(([, schema]) => !('secret' in schema))).toEqual([]);
  });
});
