import type { TObject } from 'typebox';
import { assertNever } from '../../base/errors.ts';
import type { ResourceDescription, ResourceName } from '../ports.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { type JsonSchema, plainSchema, refOf } from './schema.ts';

type Describe = (name: ResourceName) => ResourceDescription;

const text = { type: 'string' };
const tagLists = {
  systemTags: { type: 'array', items: text },
  userTags: { type: 'array', items: text },
};

/** The parameters that every list takes. */
const queryParameters: ReadonlyArray<readonly [name: string, schema: JsonSchema, description: string]> = [
  [
    'q',
    { type: 'array', items: text },
    'A condition such as name=rack1; repeat it for several, which all must hold',
  ],
  ['limit', { type: 'integer', minimum: 0, default: 1000 }, 'Most rows to answer'],
  ['start', { type: 'integer', minimum: 0, default: 0 }, 'Rows to skip'],
  ['count', { type: 'boolean', default: false }, 'Answer the number only, as total'],
  [
    'replyWithCount',
    { type: 'boolean', default: false },
    'Answer the number of all matching rows too, as total',
  ],
  ['groupBy', text, 'One row for each value of this field'],
  ['sort', text, 'A field, with + or - before it'],
  ['sortBy', text, 'A field, with sortDirection'],
  ['sortDirection', { type: 'string', enum: ['asc', 'desc'] }, 'Order of sortBy'],
  ['fields', { type: 'array', items: text }, 'Only these fields'],
];

const variablesOf = (path: string): readonly string[] =>
  [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);

const isList = (api: ApiDefinition): boolean =>
  api.method === 'GET' && api.answers.kind === 'inventories' && variablesOf(api.path).length === 0;

function parametersOf(api: ApiDefinition): readonly JsonSchema[] {
  const variables = variablesOf(api.path);
  const properties = Object.entries(api.params.properties);
  const inPath = variables.map((name) => {
    const schema = api.params.properties[name];
    return { name, in: 'path', required: true, schema: schema === undefined ? text : plainSchema(schema) };
  });
  const inQuery =
    api.keys.length > 0
      ? []
      : properties
          .filter(([name]) => !variables.includes(name))
          .map(([name, schema]) => ({
            name,
            in: 'query',
            required: api.params.required?.includes(name) ?? false,
            schema: plainSchema(schema),
          }));
  const ofQuery = isList(api)
    ? queryParameters.map(([name, schema, description]) => ({ name, in: 'query', description, schema }))
    : [];
  return [...inPath, ...inQuery, ...ofQuery];
}

function paramsSchema(params: TObject, without: readonly string[]): JsonSchema {
  const names = Object.keys(params.properties).filter((name) => !without.includes(name));
  const required = (params.required ?? []).filter((name) => names.includes(name));
  const properties = names.map((name) => [name, plainSchema(params.properties[name] ?? {})]);
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 ? { required } : {}),
  };
}

function bodyOf(api: ApiDefinition): JsonSchema {
  const [key = 'params'] = api.keys;
  return {
    type: 'object',
    title: api.name,
    description: api.summary,
    required: [key],
    properties: { [key]: paramsSchema(api.params, variablesOf(api.path)), ...tagLists },
  };
}

function answerOf({ answers }: ApiDefinition, describe: Describe): JsonSchema {
  switch (answers.kind) {
    case 'empty':
      return { type: 'object' };
    case 'inventory':
      return { type: 'object', properties: { inventory: refOf(describe(answers.resource)) } };
    case 'inventories':
      return {
        type: 'object',
        properties: {
          inventories: { type: 'array', items: refOf(describe(answers.resource)) },
          total: { type: 'integer' },
        },
      };
    case 'members':
      return plainSchema(answers.schema);
    case 'file':
      return { type: 'string', format: 'binary' };
    default:
      return assertNever(answers, 'answer');
  }
}

const json = (schema: JsonSchema): JsonSchema => ({ 'application/json': { schema } });
const error = (description: string): JsonSchema => ({
  description,
  content: json({ $ref: '#/components/schemas/Error' }),
});

function responsesOf(apis: readonly ApiDefinition[], describe: Describe): JsonSchema {
  const answers = apis.map((api) => answerOf(api, describe));
  const result = answers.length === 1 ? (answers[0] ?? {}) : { anyOf: answers };
  const isAsync = apis.some((api) => api.async);
  const [file] = apis.flatMap(({ answers: shape }) => (shape.kind === 'file' ? [shape.contentType] : []));
  const done = {
    description: isAsync ? 'Never at once: the result of the job' : 'Done',
    content: file === undefined ? json(result) : { [file]: { schema: result } },
  };
  const accepted = {
    description: 'Accepted: poll `location` until it answers 200 or 503',
    content: json({ $ref: '#/components/schemas/Accepted' }),
  };
  return {
    '200': done,
    ...(isAsync ? { '202': accepted } : {}),
    '400': error('The HTTP request is not well-formed'),
    '503': error('Refused or failed; `details` says what to do'),
  };
}

/** The operation of the APIs that share a verb and a path; their body keys tell them apart. */
export function operationOf(apis: readonly ApiDefinition[], describe: Describe, id: string): JsonSchema {
  const [first] = apis;
  if (first === undefined) return {};
  const bodies = apis.filter(({ keys }) => keys.length > 0).map(bodyOf);
  const [body] = bodies;
  const parameters = parametersOf(first);
  return {
    operationId: id,
    summary: apis.length === 1 ? first.summary : 'Actions of one resource; the body key says which',
    tags: [
      first.path
        .split('/')
        .slice(1, 3)
        .filter((part) => !part.startsWith(':'))
        .join('/') || 'other',
    ],
    'x-zstack-apis': apis.map(({ name }) => name),
    ...(first.access === 'anybody' ? { security: [] } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body === undefined
      ? {}
      : { requestBody: { content: json(bodies.length === 1 ? body : { oneOf: bodies }) } }),
    responses: responsesOf(apis, describe),
  };
}
