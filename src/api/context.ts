import type { Uuid } from '../base/uuid.ts';
import { maySeeSecrets, sightOf } from './auth/roles.ts';
import type { Caller } from './auth/sessions.ts';
import type { InventoryRow, QueryPort, QueryRequest, ResourceName } from './ports.ts';
import type { ApiContext } from './zstack/definition.ts';
import type { EnvelopeStyle } from './zstack/envelope.ts';
import { renderInventory } from './zstack/envelope.ts';
import { parseQuery } from './zstack/query.ts';

/** Owns and shares nothing: what callers without a session see. */
const nobody = '0'.repeat(32) as Uuid;
/** Uuids that one audit entry names; more do not fit. */
const maxAudited = 100;

const auditedTypes: Readonly<Partial<Record<ResourceName, string>>> = {
  chassis: 'BaremetalChassisVO',
  hostCfg: 'BaremetalHostCfgVO',
};

const byUuid = (uuid: string): Omit<QueryRequest, 'resource' | 'visibleTo' | 'reveal'> => ({
  conditions: [{ field: 'uuid', operator: '=', value: uuid }],
  limit: 1,
  start: 0,
  sort: undefined,
  groupBy: undefined,
  fields: undefined,
  countOnly: false,
  withTotal: false,
});

type Services = Omit<ApiContext, 'describe' | 'inventoryOf' | 'list' | 'render'>;

/**
 * Makes the context of one caller's call. Accounts of type Normal see what they own or share. Passwords are shown where the style
 * lets them be, to administrators who read: what a job answers stays on disk and goes to web hooks, so it keeps its stars.
 */
export function createContexts(
  deps: Services & { readonly query: QueryPort; readonly style: EnvelopeStyle },
): (caller: Caller | undefined, remoteAddress?: string) => ApiContext {
  const { query, style, ...services } = deps;

  return (caller, remoteAddress) => {
    const visibleTo = caller === undefined ? nobody : sightOf(caller);

    const showsSecrets = (resource: ResourceName, fields: QueryRequest['fields']): boolean =>
      style.revealSecrets &&
      maySeeSecrets(caller) &&
      query.describe(resource).fields.some(({ name, secret }) => secret && (fields?.includes(name) ?? true));

    const audit = (resource: ResourceName, rows: readonly InventoryRow[]): Promise<void> => {
      const uuids = rows.flatMap(({ uuid }) => (typeof uuid === 'string' ? [uuid] : []));
      return services.platform.audit.append({
        accountUuid: caller?.account.uuid,
        accountName: caller?.account.name,
        userUuid: caller?.user?.uuid,
        userName: caller?.user?.name,
        remoteAddress,
        api: 'RevealSecrets',
        resourceType: auditedTypes[resource] ?? resource,
        resourceUuid: rows.length === 1 ? uuids[0] : undefined,
        jobUuid: undefined,
        outcome: 'Succeeded',
        errorCode: undefined,
        errorText: undefined,
        request: JSON.stringify({ rows: rows.length, uuids: uuids.slice(0, maxAudited) }),
        durationMs: undefined,
      });
    };

    const read = async (
      resource: ResourceName,
      asked: ReturnType<typeof byUuid>,
      reading: boolean,
    ): ReturnType<QueryPort['query']> => {
      const reveal = reading && !asked.countOnly && showsSecrets(resource, asked.fields);
      // The audit entry names them.
      const fields = reveal ? asked.fields && [...asked.fields, 'uuid'] : asked.fields;
      const answer = await query.query({ ...asked, resource, fields, visibleTo, reveal });
      // Before the answer goes out: what cannot be written down is not shown.
      if (reveal && answer.rows.length > 0) await audit(resource, answer.rows);
      return answer;
    };

    return {
      ...services,
      describe: (resource) => query.describe(resource),
      render: (row) => renderInventory(row, style),
      async inventoryOf(resource, uuid, purpose?: 'reading') {
        const [row] = (await read(resource, byUuid(uuid), purpose === 'reading')).rows;
        return row === undefined ? undefined : renderInventory(row, style);
      },
      async list(resource, queryString) {
        const asked = parseQuery(queryString);
        const { rows, total } = await read(resource, asked, true);
        if (asked.countOnly) return { total: total ?? 0 };
        const inventories = rows.map((row) => {
          const wanted = asked.fields?.map((name) => [name, row[name]]);
          return renderInventory(wanted === undefined ? row : Object.fromEntries(wanted), style);
        });
        return asked.withTotal ? { inventories, total: total ?? 0 } : { inventories };
      },
    };
  };
}
