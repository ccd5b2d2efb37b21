import { Type } from 'typebox';
import { isJsonObject, type JsonObject } from '../zstack/body.ts';
import { ApiError } from '../errors.ts';
import { type QueryCondition, QueryError } from '../ports.ts';
import { list, reference } from '../schemas.ts';
import type { ApiCall, ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { parseQuery } from '../zstack/query.ts';

const fields = ['uuid', 'managementIp', 'type', 'state', 'status', 'createDate', 'lastOpDate'];

const agent = Type.Object({
  uuid: Type.String(),
  managementIp: Type.String(),
  type: Type.String(),
  state: Type.String(),
  status: Type.String(),
  createDate: Type.Optional(Type.String()),
  lastOpDate: Type.Optional(Type.String()),
});

/** The one agent there is: this server, which carries consoles itself. Its uuid is the management node's. */
async function ownAgent({
  context,
  baseUrl,
}: Pick<ApiCall<unknown>, 'context' | 'baseUrl'>): Promise<JsonObject> {
  const answer = await context.list('managementNode', {});
  const rows = 'inventories' in answer && Array.isArray(answer.inventories) ? answer.inventories : [];
  const [node] = rows.filter(isJsonObject);
  if (node === undefined) throw new ApiError('not-found', 'this server is not among the management nodes');
  return {
    uuid: node['uuid'],
    managementIp: new URL(baseUrl).hostname.replace(/^\[|\]$/g, ''),
    type: 'ManagementServerConsoleProxy',
    state: 'Enabled',
    status: 'Connected',
    createDate: node['joinDate'],
    lastOpDate: node['heartBeat'],
  };
}

/** Whether one row is as a condition says. Of one row, equality and lists are all that anybody asks. */
function isMet(row: JsonObject, { field, operator, value }: QueryCondition): boolean {
  if (!fields.includes(field)) {
    throw new QueryError(
      'no-such-field',
      `a console proxy agent has no field ${field}; it has ${fields.join(', ')}`,
    );
  }
  const given = row[field];
  const text = typeof given === 'string' ? given : '';
  const values = value.split(',').map((one) => one.trim());
  switch (operator) {
    case '=':
      return text === value.trim();
    case '!=':
      return text !== value.trim();
    case '?=':
      return values.includes(text);
    case '!?=':
      return !values.includes(text);
    case 'is null':
      return row[field] === undefined;
    case 'not null':
      return row[field] !== undefined;
    default:
      throw new QueryError('bad-value', `operator ${operator} is not possible here; use =, !=, ?= or !?=`);
  }
}

async function found(call: Pick<ApiCall<unknown>, 'context' | 'baseUrl' | 'query'>): Promise<object> {
  const row = await ownAgent(call);
  const asked = parseQuery(call.query);
  const isThere = asked.conditions.every((condition) => isMet(row, condition)) && asked.start === 0;
  const total = isThere ? 1 : 0;
  if (asked.countOnly) return { total };
  const wanted = Object.entries(row).filter(([name]) => asked.fields?.includes(name) ?? true);
  const inventories = isThere && asked.limit > 0 ? [Object.fromEntries(wanted)] : [];
  return asked.withTotal ? { inventories, total } : { inventories };
}

const reading = { method: 'GET', keys: [], async: false, access: 'admin' } as const;

/** Who carries consoles. The manual's heading has the names with `Agent` in front. */
export const consoleAgentApis: readonly ApiDefinition[] = [
  defineApi({
    ...reading,
    name: 'AgentQueryConsoleProxyAgent',
    path: '/consoles/agents',
    summary: 'Lists the console proxy agents: this server is the only one',
    answers: {
      kind: 'members',
      schema: Type.Object({ inventories: Type.Array(agent), total: Type.Optional(Type.Integer()) }),
    },
    params: Type.Object({}),
    run: found,
  }),
  defineApi({
    ...reading,
    name: 'AgentQueryConsoleProxyAgent',
    path: '/consoles/agents/:uuid',
    summary: 'Reads one by its uuid; an empty list when there is none',
    answers: {
      kind: 'members',
      schema: Type.Object({ inventories: Type.Array(agent), inventory: Type.Optional(agent) }),
    },
    params: Type.Object({ uuid: reference }),
    async run(call) {
      const row = await ownAgent(call);
      return row['uuid'] === call.params.uuid ? { inventories: [row], inventory: row } : { inventories: [] };
    },
  }),
  defineApi({
    name: 'AgentReconnectConsoleProxyAgent',
    method: 'PUT',
    path: '/consoles/agents',
    keys: ['params'],
    async: true,
    access: 'admin',
    summary: 'Tells which of the agents are connected: this server always is; without agentUuids it alone',
    answers: {
      kind: 'members',
      schema: Type.Object({ inventory: Type.Record(Type.String(), Type.Boolean()) }),
    },
    params: Type.Object({ agentUuids: Type.Optional(list) }),
    async run(call) {
      const own = String((await ownAgent(call))['uuid']);
      const asked = call.params.agentUuids ?? [own];
      return { inventory: Object.fromEntries(asked.map((uuid) => [uuid, uuid === own])) };
    },
  }),
];
