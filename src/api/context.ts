import type { Logger } from '../base/log.ts';
import type { ProvisionService } from '../provision/index.ts';
import type { Caller, Sessions } from './auth/sessions.ts';
import type { QueryPort, QueryRequest, ResourceName } from './ports.ts';
import type { ApiContext } from './zstack/definition.ts';
import type { EnvelopeStyle } from './zstack/envelope.ts';
import { renderInventory } from './zstack/envelope.ts';
import { parseQuery } from './zstack/query.ts';

const holdsSecrets: ReadonlySet<ResourceName> = new Set(['chassis', 'hostCfg']);

/** Makes the context of one caller's call. */
export function createContexts(deps: {
  readonly service: ProvisionService;
  readonly sessions: Sessions;
  readonly query: QueryPort;
  readonly log: Logger;
  readonly style: EnvelopeStyle;
}): (caller: Caller | undefined) => ApiContext {
  const { service, sessions, query, log, style } = deps;
  return (caller) => {
    const read = async (request: QueryRequest): ReturnType<QueryPort['query']> => {
      const answer = await query.query(request);
      if (style.revealSecrets && holdsSecrets.has(request.resource) && answer.rows.length > 0) {
        const facts = { audit: true, account: caller?.account.name, resource: request.resource };
        log.info({ ...facts, rows: answer.rows.length }, 'passwords were shown');
      }
      return answer;
    };
    return {
      service,
      sessions,
      render: (row) => renderInventory(row, style),
      async inventoryOf(resource, uuid) {
        const request: QueryRequest = {
          resource,
          conditions: [{ field: 'uuid', operator: '=', value: uuid }],
          limit: 1,
          start: 0,
          sort: undefined,
          countOnly: false,
          withTotal: false,
        };
        const [row] = (await read(request)).rows;
        return row === undefined ? undefined : renderInventory(row, style);
      },
      async list(resource, queryString) {
        const { request, fields } = parseQuery(resource, queryString);
        const { rows, total } = await read(request);
        if (request.countOnly) return { total: total ?? 0 };
        const inventories = rows.map((row) => {
          const wanted = fields && Object.fromEntries(fields.map((field) => [field, row[field]]));
          return renderInventory(wanted ?? row, style);
        });
        return request.withTotal ? { inventories, total: total ?? 0 } : { inventories };
      },
    };
  };
}
