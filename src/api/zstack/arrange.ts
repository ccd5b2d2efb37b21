import { parseUuid } from '../../base/uuid.ts';
import { ApiError } from '../errors.ts';
import type { JsonObject } from './body.ts';
import { isJsonObject } from './body.ts';
import type { ApiDefinition, MarkedSchema } from './definition.ts';
import { foreignAction, foreignError } from './foreign.ts';
import type { QueryString } from './query.ts';
import { valuesOf } from './query.ts';

/** The raw material of one call, from the three places that ZStack clients use. */
export interface RequestParts {
  readonly body: JsonObject;
  readonly query: QueryString;
  readonly path: Readonly<Record<string, string>>;
}

/** The API that a body means; throws ApiError `bad-request` when it names none, or two. */
export function chooseApi<Api extends Pick<ApiDefinition, 'keys'>>(
  apis: readonly Api[],
  body: JsonObject,
): Api {
  const [only] = apis;
  const needsNoKey = only !== undefined && apis.length === 1 && only.keys.every((key) => key === 'params');
  if (needsNoKey) return only;
  const meant = apis.filter(({ keys }) => keys.some((key) => Object.hasOwn(body, key)));
  const [first, second] = meant;
  if (first !== undefined && second === undefined) return first;
  const foreign = first === undefined ? foreignAction(body) : undefined;
  if (foreign !== undefined) throw foreignError([foreign]);
  const known = apis.flatMap(({ keys }) => keys).join(', ');
  throw new ApiError(
    'bad-request',
    first === undefined
      ? `the body does not name an action of this URL; it takes one of: ${known}`
      : `the body names several actions; give one of: ${known}`,
  );
}

/** Parameters of a query string as their schemas want them: lists are repeated names, maps are `field.key=value`. */
function queryArguments(api: Pick<ApiDefinition, 'params'>, query: QueryString): JsonObject {
  const given: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, schema] of Object.entries(api.params.properties) as [string, MarkedSchema][]) {
    const values = valuesOf(query, name);
    if (schema.type === 'object') {
      const prefix = `${name}.`;
      const keys = Object.keys(query).filter((key) => key.startsWith(prefix));
      if (keys.length > 0) {
        given[name] = Object.fromEntries(
          keys.map((key) => [key.slice(prefix.length), valuesOf(query, key)[0]]),
        );
      }
    } else if (values.length > 0) {
      given[name] = schema.type === 'array' ? values : values[0];
    }
  }
  return given;
}

/** Parameters before checking: body, then (GET and DELETE only) query string, then path variables, which always win. */
export function rawArguments(
  api: Pick<ApiDefinition, 'name' | 'keys' | 'params'>,
  parts: RequestParts,
): JsonObject {
  const { body, query, path } = parts;
  const raw: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  const add = (members: JsonObject): void => {
    for (const [name, value] of Object.entries(members)) raw[name] = value;
  };
  if (api.keys.length > 0) {
    const inner =
      api.keys.map((key) => body[key]).find((value) => value !== undefined && value !== null) ?? {};
    if (!isJsonObject(inner)) {
      throw new ApiError('bad-argument', `API ${api.name}: ${api.keys[0]} must be an object of parameters`);
    }
    add(inner);
  } else {
    // DELETE: the manual says body (without saying where in it), the product reads the query string only.
    if (isJsonObject(body['params'])) add(body['params']);
    add(body);
    add(queryArguments(api, query));
  }
  for (const [name, value] of Object.entries(path)) raw[name] = parseUuid(value) ?? value;
  return raw;
}

const maxTags = 100;

function textList(value: unknown): readonly string[] {
  const list = Array.isArray(value) ? value : [value];
  return list
    .filter((item): item is string => typeof item === 'string' && item.length <= 2048)
    .slice(0, maxTags);
}

/** Tags of a call: top level of the body, else inside the parameters (the SDKs), else the query string. */
export function tagsOf(
  api: ApiDefinition,
  name: 'systemTags' | 'userTags',
  { body, query }: RequestParts,
): readonly string[] {
  const inner = api.keys.map((key) => body[key]).find(isJsonObject);
  return textList(body[name] ?? inner?.[name] ?? valuesOf(query, name));
}
