import { Type } from 'typebox';
import { description, newResourceUuid, port, reference, secret, shortText } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { deleteApi, inventoryAnswer, queryApis } from './resource.ts';

const path = '/baremetal/chassis';

/** The states that a user may set; the others are facts. */
const settableStatus = Type.Enum(['Unprovisioned', 'Provisioning', 'Provisioned']);

/** Chassis: machines behind a BMC. */
export const chassisApis: readonly ApiDefinition[] = [
  defineApi({
    name: 'CreateBaremetalChassis',
    method: 'POST',
    path,
    keys: ['params'],
    async: true,
    access: 'admin',
    params: Type.Object({
      name: shortText,
      description: Type.Optional(description),
      ipmiAddress: shortText,
      ipmiPort: Type.Optional(port),
      ipmiUsername: shortText,
      ipmiPassword: secret,
      resourceUuid: Type.Optional(newResourceUuid),
    }),
    async run({ context, params, systemTags }) {
      const uuid = await context.service.createChassis({ ...params, systemTags });
      return inventoryAnswer(context, 'chassis', uuid);
    },
  }),
  ...queryApis('QueryBaremetalChassis', path, 'chassis'),
  deleteApi('DeleteBaremetalChassis', path, (context, uuid) => context.service.deleteChassis(uuid)),
  defineApi({
    name: 'UpdateBaremetalChassis',
    method: 'PUT',
    path: `${path}/:uuid/actions`,
    keys: ['updateBaremetalChassis'],
    async: true,
    access: 'admin',
    params: Type.Object({
      uuid: reference,
      name: Type.Optional(shortText),
      description: Type.Optional(description),
      ipmiAddress: Type.Optional(shortText),
      ipmiPort: Type.Optional(port),
      ipmiUsername: Type.Optional(shortText),
      ipmiPassword: Type.Optional(secret),
      status: Type.Optional(settableStatus),
    }),
    async run({ context, params: { uuid, ...change }, systemTags }) {
      await context.service.updateChassis(uuid, systemTags.length > 0 ? { ...change, systemTags } : change);
      return inventoryAnswer(context, 'chassis', uuid);
    },
  }),
];
