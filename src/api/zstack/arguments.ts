import type { TObject } from 'typebox';
import type { Validator } from 'typebox/compile';
import { Compile } from 'typebox/compile';
import { ApiError } from '../errors.ts';
import type { JsonObject } from './body.ts';
import type { MarkedSchema } from './definition.ts';
import { secretPartsOf } from './signed-url.ts';

/** Checks raw members and gives the parameters of one API. */
export interface ArgumentChecker {
  /** Throws ApiError `bad-argument` naming the parameter; never quotes a value. */
  check(raw: JsonObject): JsonObject;
  /** Values of secret parameters in `raw`, to be kept out of every text. */
  secretsOf(raw: JsonObject): readonly string[];
}

/** What the lenient clients of ZStack send in place of a schema's type. */
function coerce(schema: MarkedSchema, value: unknown): unknown {
  if (schema.enum !== undefined) {
    if (typeof value !== 'string') return value;
    const wished = value.trim().toLowerCase();
    return schema.enum.find((allowed) => String(allowed).toLowerCase() === wished) ?? value;
  }
  switch (schema.type) {
    case 'string':
      if (typeof value === 'number' && Number.isFinite(value)) return String(value);
      return typeof value === 'string' && schema.secret !== true ? value.trim() : value;
    case 'boolean': {
      const text = typeof value === 'string' ? value.trim().toLowerCase() : undefined;
      if (text === 'true') return true;
      return text === 'false' ? false : value;
    }
    case 'array': {
      const { items } = schema;
      const list = Array.isArray(value) ? value : [value];
      return items === undefined ? list : list.map((item) => coerce(items as MarkedSchema, item));
    }
    default:
      return value;
  }
}

function faultOf(schema: MarkedSchema): string {
  if (schema.hint !== undefined) return schema.hint;
  if (schema.enum !== undefined) return `must be one of ${schema.enum.map(String).join(', ')}`;
  return `must be a ${schema.type ?? 'value'}`;
}

/** Checker of one API's parameters; unknown members are left out, null counts as absent. */
export function createArgumentChecker(api: string, params: TObject): ArgumentChecker {
  const validator: Validator = Compile(params);
  const properties = Object.entries(params.properties) as ReadonlyArray<readonly [string, MarkedSchema]>;

  return {
    check(raw) {
      const given: Record<string, unknown> = {};
      for (const [name, schema] of properties) {
        const value = Object.hasOwn(raw, name) ? raw[name] : undefined;
        if (value !== undefined && value !== null) given[name] = coerce(schema, value);
      }
      if (validator.Check(given)) return given;
      const missing = properties.find(
        ([name]) => params.required?.includes(name) && !Object.hasOwn(given, name),
      );
      if (missing) {
        throw new ApiError(
          'bad-argument',
          `API ${api}: parameter ${missing[0]} is mandatory; give it a value`,
          {
            data: { parameter: missing[0] },
          },
        );
      }
      const path = validator.Errors(given)[0]?.instancePath.split('/')[1] ?? '';
      const [name, schema] = properties.find(([property]) => property === path) ?? [];
      const fault = schema === undefined ? 'has a wrong value' : faultOf(schema);
      throw new ApiError('bad-argument', `API ${api}: parameter ${name ?? 'list'} ${fault}`, {
        data: { parameter: name },
      });
    },
    secretsOf: (raw) =>
      properties.flatMap(([name, schema]) => {
        const value = Object.hasOwn(raw, name) ? raw[name] : undefined;
        const isText = typeof value === 'string' || typeof value === 'number';
        if (schema.signedUrl === true && isText) return secretPartsOf(String(value).trim());
        return schema.secret === true && isText ? [String(value)] : [];
      }),
  };
}
