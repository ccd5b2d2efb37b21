import { Type } from 'typebox';
import {
  clusterReference,
  description,
  newResourceUuid,
  port,
  reference,
  secret,
  shortText,
} from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { deleteApi, placed, queryApis, withTags } from './resource.ts';

const path = '/baremetal/chassis';

/** The states that a user may set; the others are facts. */
const settableStatus = Type.Enum(['Unprovisioned', 'Provisioning', 'Provisioned']);

/** The BMC's own key of two-key logins; empty for none. */
const ipmiKg = Type.String({ maxLength: 255, secret: true, hint: 'must have at most 255 characters' });

/** Chassis: machines behind a BMC. */
export const chassisApis: readonly ApiDefinition[] = [
  defineApi({
    name: 'CreateBaremetalChassis',
    method: 'POST',
    path,
    keys: ['params'],
    async: true,
    access: 'admin',
    summary: 'Records a machine behind a BMC, after a login to it',
    answers: { kind: 'inventory', resource: 'chassis' },
    resourceType: 'BaremetalChassisVO',
    params: Type.Object({
      name: shortText,
      description: Type.Optional(description),
      ipmiAddress: shortText,
      ipmiPort: Type.Optional(port),
      ipmiUsername: shortText,
      ipmiPassword: secret,
      ipmiKg: Type.Optional(ipmiKg),
      clusterUuid: Type.Optional(clusterReference),
      resourceUuid: Type.Optional(newResourceUuid),
    }),
    run(call) {
      const { context, systemTags } = call;
      const { clusterUuid, ...input } = call.params;
      return withTags(call, 'BaremetalChassisVO', () =>
        placed(context.platform, 'chassis', clusterUuid, () =>
          context.service.createChassis({ ...input, systemTags }),
        ),
      );
    },
  }),
  ...queryApis('QueryBaremetalChassis', path, 'chassis'),
  deleteApi('DeleteBaremetalChassis', path, 'BaremetalChassisVO', async (context, uuid) => {
    await context.service.deleteChassis(uuid);
    await context.consoles.forget('chassis', uuid);
  }),
  defineApi({
    name: 'UpdateBaremetalChassis',
    method: 'PUT',
    path: `${path}/:uuid/actions`,
    keys: ['updateBaremetalChassis'],
    async: true,
    access: 'admin',
    summary: 'Changes a chassis',
    answers: { kind: 'inventory', resource: 'chassis' },
    resourceType: 'BaremetalChassisVO',
    params: Type.Object({
      uuid: reference,
      name: Type.Optional(shortText),
      description: Type.Optional(description),
      ipmiAddress: Type.Optional(shortText),
      ipmiPort: Type.Optional(port),
      ipmiUsername: Type.Optional(shortText),
      ipmiPassword: Type.Optional(secret),
      ipmiKg: Type.Optional(ipmiKg),
      status: Type.Optional(settableStatus),
      clusterUuid: Type.Optional(clusterReference),
    }),
    run(call) {
      const { context, systemTags } = call;
      const { uuid, clusterUuid, ...change } = call.params;
      return withTags(call, 'BaremetalChassisVO', () =>
        placed(context.platform, 'chassis', clusterUuid, async () => {
          await context.service.updateChassis(
            uuid,
            systemTags.length > 0 ? { ...change, systemTags } : change,
          );
          return uuid;
        }),
      );
    },
  }),
];
