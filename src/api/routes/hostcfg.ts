import { Type } from 'typebox';
import { newResourceUuid, reference, secret } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { deleteApi, queryApis, withTags } from './resource.ts';

const path = '/baremetal/hostcfg';

/** What a host shall be after its installation. */
export const hostCfgApis: readonly ApiDefinition[] = [
  defineApi({
    name: 'CreateBaremetalHostCfg',
    method: 'POST',
    path,
    keys: ['params'],
    async: true,
    access: 'admin',
    summary: 'Says what a host shall be after its installation',
    answers: { kind: 'inventory', resource: 'hostCfg' },
    resourceType: 'BaremetalHostCfgVO',
    params: Type.Object({
      chassisUuid: reference,
      password: Type.Optional(secret),
      vnc: Type.Optional(Type.Boolean({ hint: 'must be true or false' })),
      unattended: Type.Optional(Type.Boolean({ hint: 'must be true or false' })),
      // Its inside (JSON texts, Python texts or objects) is the hostcfg room's.
      cfgItems: Type.Unknown(),
      resourceUuid: Type.Optional(newResourceUuid),
    }),
    run: (call) =>
      withTags(call, 'BaremetalHostCfgVO', () => call.context.service.createHostCfg(call.params)),
  }),
  ...queryApis('QueryBaremetalHostCfg', path, 'hostCfg'),
  deleteApi('DeleteBaremetalHostCfg', path, 'BaremetalHostCfgVO', (context, uuid) =>
    context.service.deleteHostCfg(uuid),
  ),
];
