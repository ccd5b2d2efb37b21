import { Type } from 'typebox';
import { list, reference } from '../../schemas.ts';
import type { ApiDefinition } from '../../zstack/definition.ts';
import { later } from './later.ts';

/** Consoles: known by their contract, not served yet. */
export const consoleApis: readonly ApiDefinition[] = [
  later({
    name: 'RequestBaremetalConsoleAccess',
    method: 'POST',
    path: '/baremetal/consoles',
    keys: ['params'],
    params: Type.Object({
      chassisUuid: reference,
    }),
  }),
  later({
    name: 'RequestConsoleAccess',
    method: 'POST',
    path: '/consoles',
    keys: ['params'],
    params: Type.Object({
      vmInstanceUuid: reference,
    }),
  }),
  later({
    name: 'AgentQueryConsoleProxyAgent',
    method: 'GET',
    path: '/consoles/agents',
    keys: [],
    params: Type.Object({}),
  }),
  later({
    name: 'AgentQueryConsoleProxyAgent',
    method: 'GET',
    path: '/consoles/agents/:uuid',
    keys: [],
    params: Type.Object({
      uuid: reference,
    }),
  }),
  later({
    name: 'AgentReconnectConsoleProxyAgent',
    method: 'PUT',
    path: '/consoles/agents',
    keys: ['params'],
    params: Type.Object({
      agentUuids: Type.Optional(list),
    }),
  }),
];
