import { Type } from 'typebox';
import { newResourceUuid, reference, secret } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { deleteApi, inventoryAnswer, queryApis } from './resource.ts';

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
    params: Type.Object({
      chassisUuid: reference,
      password: Type.Optional(secret),
      vnc: Type.Optional(Type.Boolean({ hint: 'must be true or false' })),
      unattended: Type.Optional(Type.Boolean({ hint: 'must be true or false' })),
      // Its inside (JSON texts, Python texts or objects) is the hostcfg room's.
      cfgItems: Type.Unknown(),
      resourceUuid: Type.Optional(newResourceUuid),
    }),
    async run({ context, params }) {
      const uuid = await context.service.createHostCfg(params);
      return inventoryAnswer(context, 'hostCfg', uuid);
    },
  }),
  ...queryApis('QueryBaremetalHostCfg', path, 'hostCfg'),
  deleteApi('DeleteBaremetalHostCfg', path, (context, uuid) => context.service.deleteHostCfg(uuid)),
];
