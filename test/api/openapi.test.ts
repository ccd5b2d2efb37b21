import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiTable } from '../../src/api/routes/index.ts';
import { type ApiWorld, openApi } from '../support/api-world.ts';

interface Operation {
  readonly operationId: string;
  readonly 'x-zstack-apis': readonly string[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: object } } };
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, { readonly properties?: object }>> };
}

let world: ApiWorld;
let document: Document;
beforeAll(async () => {
  world = await openApi();
  document = (await world.api.inject({ url: '/v1/openapi.json' })).json<Document>();
});
afterAll(() => world.close());

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(
      structuredClone(document) as unknown as Record<string, unknown>,
    );
    expect([result.errors, result.valid]).toEqual([undefined, true]);
    expect(document.openapi).toMatch(/^3\.1\./);
  });

  it('is refused by the validator when it is broken', async () => {
    const broken = structuredClone(document) as unknown as Record<string, unknown>;
    broken['paths'] = { '/zones': { get: { responses: 'none' } } };
    expect((await new Validator().validate(broken)).valid).toBe(false);
  });

  it('has every API of the table under its verb and path, each operation id once', () => {
    for (const { name, method, path } of apiTable) {
      const operation = document.paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
      expect([name, operation?.['x-zstack-apis'].includes(name)]).toEqual([name, true]);
    }
    const ids = Object.values(document.paths).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(80);
  });

  it('shows the members of inventories and of actions, and marks passwords', () => {
    const { schemas } = document.components;
    expect(Object.keys(schemas['BaremetalChassisInventory']?.properties ?? {})).toEqual(
      expect.arrayContaining(['uuid', 'ipmiAddress', 'ipmiPort', 'status', 'clusterUuid']),
    );
    expect(JSON.stringify(schemas['BaremetalHostCfgInventory'])).toContain('BaremetalHostNicCfgInventory');
    const create = document.paths['/baremetal/chassis']?.['post']?.requestBody?.content['application/json'];
    expect(create?.schema).toMatchObject({
      required: ['params'],
      properties: {
        params: {
          required: expect.arrayContaining(['name', 'ipmiAddress', 'ipmiUsername', 'ipmiPassword']),
          properties: { ipmiPassword: { type: 'string', format: 'password', writeOnly: true } },
        },
      },
    });
    expect(JSON.stringify(document)).not.toContain('"hint"');
  });
});

describe('the page', () => {
  it.each(['/v1', '/zstack/v1'])(
    'is served with its files below %s, under a policy that lets nothing else in',
    async (prefix) => {
      const page = await world.api.inject({ url: `${prefix}/docs` });
      expect([page.statusCode, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
      expect(page.headers['content-security-policy']).toContain("default-src 'none'");
      const links = [...page.body.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, link = '']) => link);
      expect(links.length).toBe(3);
      for (const link of [...links, 'openapi.json']) {
        const file = await world.api.inject({ url: `${prefix}/${link}` });
        expect([link, file.statusCode, file.rawPayload.length > 50]).toEqual([link, 200, true]);
      }
      const slash = await world.api.inject({ url: `${prefix}/docs/` });
      expect([slash.statusCode, slash.headers.location]).toEqual([302, `${prefix}/docs`]);
      const escape = await world.api.inject({ url: `${prefix}/docs/..%2fpackage.json` });
      expect(escape.statusCode).toBe(404);
    },
  );
});
