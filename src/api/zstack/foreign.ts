import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../errors.ts';
import { isJsonObject } from './body.ts';
import type { ApiDefinition } from './definition.ts';
import { toZstackError } from './errors.ts';
import { foreignApis } from './foreign-apis.ts';

type Method = ApiDefinition['method'];

interface ForeignRow {
  readonly method: Method;
  /** With `*` for a variable. */
  readonly path: string;
  readonly names: readonly string[];
}

const table: readonly ForeignRow[] = foreignApis
  .trim()
  .split('\n')
  .map((line) => {
    const [method = '', path = '', ...names] = line.split(' ');
    return { method: method as Method, path, names };
  });

/** Action keys of the foreign APIs: `{"migrateVm":{}}` means MigrateVm. */
const byKey: ReadonlyMap<string, string> = new Map(
  table.flatMap(({ names }) => names.map((name) => [name.charAt(0).toLowerCase() + name.slice(1), name])),
);

/** The foreign API that a body's action key means; undefined when none of its members is one. */
export function foreignAction(body: Readonly<Record<string, unknown>>): string | undefined {
  const key = Object.keys(body).find((name) => byKey.has(name));
  return key === undefined ? undefined : byKey.get(key);
}

/** What a call of a foreign API is answered with: 404, SYS.1009, its name. */
export function foreignError(names: readonly string[]): ApiError {
  const what = names.length === 1 ? `API ${names[0]} is` : `APIs ${names.join(', ')} are`;
  return new ApiError(
    'no-route',
    `${what} not part of this toolkit, which manages bare metal, PCI and USB only`,
  );
}

function answer(row: ForeignRow) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const meant = isJsonObject(request.body) ? foreignAction(request.body) : undefined;
    const error = foreignError(meant === undefined ? row.names : [meant]);
    return reply.code(404).send(toZstackError(error).body);
  };
}

const shapeOf = (path: string): string => path.replaceAll(/:\w+|\*/g, '*');

/**
 * Registers the foreign APIs under the prefixes, so that a literal path such as `/accounts/groups` is not taken for our
 * `/accounts/:uuid`. What `served` has under the same verb and path stays ours.
 */
export function registerForeign(
  app: FastifyInstance,
  prefixes: readonly string[],
  served: ReadonlyArray<Pick<ApiDefinition, 'method' | 'path'>>,
): void {
  const ours = new Set(served.map(({ method, path }) => `${method} ${shapeOf(path)}`));
  for (const row of table) {
    if (ours.has(`${row.method} ${row.path}`)) continue;
    let variables = 0;
    const path = row.path.replaceAll('*', () => `:foreign${(variables += 1)}`);
    for (const prefix of prefixes) {
      const config = { foreign: true };
      app.route({ method: row.method, url: `${prefix}${path}`, config, handler: answer(row) });
    }
  }
}
