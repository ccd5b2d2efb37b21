import { Type } from 'typebox';
import type { PowerAction } from '../../provision/index.ts';
import { reference } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { inventoryAnswer } from './resource.ts';

// The manual calls the variable chassisUuid here; the path is the one of updateBaremetalChassis.
const shape = {
  method: 'PUT',
  path: '/baremetal/chassis/:uuid/actions',
  async: true,
  access: 'admin',
  params: Type.Object({ uuid: reference }),
} as const;

function powerApi(name: string, key: string, action: PowerAction): ApiDefinition {
  return defineApi({
    ...shape,
    name,
    keys: [key],
    async run({ context, params }) {
      await context.service.power(params.uuid, action);
      return {};
    },
  });
}

/** Power and provisioning of one chassis. */
export const powerApis: readonly ApiDefinition[] = [
  defineApi({
    ...shape,
    name: 'ProvisionBaremetalHost',
    keys: ['provisionBaremetalHost'],
    async run({ context, params }) {
      await context.service.provision(params.uuid);
      return inventoryAnswer(context, 'chassis', params.uuid);
    },
  }),
  defineApi({
    ...shape,
    name: 'PowerStatusBaremetalHost',
    keys: ['powerStatusBaremetalHost'],
    run: async ({ context, params }) => ({ status: await context.service.powerStatus(params.uuid) }),
  }),
  powerApi('PowerOnBaremetalHost', 'powerOnBaremetalHost', 'on'),
  powerApi('PowerOffBaremetalHost', 'powerOffBaremetalHost', 'off'),
  powerApi('PowerResetBaremetalHost', 'powerResetBaremetalHost', 'reset'),
];
