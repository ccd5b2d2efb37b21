import type { ResourceDescription, ResourceName } from '../ports.ts';
import { resourceNames } from '../ports.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { operationOf } from './operations.ts';
import { inventorySchema, type JsonSchema } from './schema.ts';

/** APIs that share a verb and a path, in the order of the table. */
function groupsOf(apis: readonly ApiDefinition[]): ReadonlyMap<string, readonly ApiDefinition[]> {
  const groups = new Map<string, ApiDefinition[]>();
  for (const api of apis) {
    const key = `${api.method} ${api.path}`;
    groups.set(key, [...(groups.get(key) ?? []), api]);
  }
  return groups;
}

const pathOf = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}');

/** `GET /zones/{uuid}` of QueryZone is `QueryZoneByUuid`; several actions of one path are named for their path. */
function idOf(apis: readonly ApiDefinition[], taken: Set<string>): string {
  const [first] = apis;
  const words = (first?.path ?? '').split('/').filter((part) => part !== '' && part !== 'actions');
  const camel = words.map((word) =>
    word.replaceAll(/[^A-Za-z0-9]+(\w)?/g, (_all, next: string = '') => next.toUpperCase()),
  );
  const base = apis.length === 1 ? (first?.name ?? '') : `actionsOf_${camel.join('_')}`;
  let id = base;
  if (taken.has(id))
    id = `${base}By${(words.at(-1) ?? '').replaceAll(/\W/g, '').replace(/^./, (c) => c.toUpperCase())}`;
  for (let n = 2; taken.has(id); n += 1) id = `${base}${n}`;
  taken.add(id);
  return id;
}

const polling = {
  get: {
    operationId: 'GetApiJob',
    summary: 'Polls a job; needs no session, its uuid is unguessable',
    tags: ['api-jobs'],
    security: [],
    parameters: [{ name: 'uuid', in: 'path', required: true, schema: { type: 'string' } }],
    responses: {
      '200': { description: 'Succeeded; the body is the result of the call' },
      '202': { description: 'Still running' },
      '404': { description: 'Unknown, or its result was kept long enough' },
      '503': {
        description: 'Failed',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  },
};

const webhook = {
  post: {
    summary: 'Sent to the URL of X-Web-Hook when a job has ended; headers X-Job-UUID and X-Job-Success',
    requestBody: { content: { 'application/json': { schema: { type: 'object' } } } },
    responses: { '200': { description: 'Any 2xx ends the delivery; anything else is tried again' } },
  },
};

const fixedSchemas = {
  Accepted: {
    type: 'object',
    required: ['location'],
    properties: { location: { type: 'string', format: 'uri' } },
  },
  Error: {
    type: 'object',
    required: ['error'],
    properties: {
      error: {
        type: 'object',
        required: ['code', 'description', 'details'],
        properties: {
          code: { type: 'string', examples: ['SYS.1007'] },
          description: { type: 'string' },
          details: { type: 'string' },
        },
      },
    },
  },
};

/** The OpenAPI 3.1 document of a table of APIs, made of what the server itself checks and answers with. */
export function openApiDocument(
  apis: readonly ApiDefinition[],
  describe: (name: ResourceName) => ResourceDescription,
  version: string,
): JsonSchema {
  const paths: Record<string, Record<string, unknown>> = { '/api-jobs/{uuid}': polling };
  const taken = new Set<string>(['GetApiJob']);
  for (const group of groupsOf(apis).values()) {
    const [first] = group;
    if (first === undefined) continue;
    const path = pathOf(first.path);
    paths[path] = {
      ...paths[path],
      [first.method.toLowerCase()]: operationOf(group, describe, idOf(group, taken)),
    };
  }
  const inventories = resourceNames.map((name) => {
    const resource = describe(name);
    return [resource.inventory, inventorySchema(resource, describe)];
  });
  return {
    openapi: '3.1.0',
    info: {
      title: 'Rackwright',
      version,
      description:
        'Bare-metal provisioning behind ZStack-compatible endpoints. The same paths are served below /zstack/v1.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/v1' }, { url: '/zstack/v1' }],
    security: [{ session: [] }],
    paths,
    webhooks: { jobEnded: webhook },
    components: {
      securitySchemes: {
        session: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description: '`OAuth <session uuid>` from PUT /accounts/login',
        },
      },
      schemas: { ...fixedSchemas, ...Object.fromEntries(inventories) },
    },
  };
}
