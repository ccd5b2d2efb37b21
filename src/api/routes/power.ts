import { Type } from 'typebox';
import type { PowerAction } from '../../provision/index.ts';
import { reference } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import type { RunLink } from '../zstack/run-progress.ts';
import { inventoryAnswer } from './resource.ts';

// The manual calls the variable chassisUuid here; the path is the one of updateBaremetalChassis.
const shape = {
  method: 'PUT',
  path: '/baremetal/chassis/:uuid/actions',
  async: true,
  access: 'admin',
  resourceType: 'BaremetalChassisVO',
  params: Type.Object({ uuid: reference }),
} as const;

function powerApi(name: string, key: string, action: PowerAction): ApiDefinition {
  return defineApi({
    ...shape,
    name,
    keys: [key],
    summary: `Switches the power of a machine: ${action}`,
    answers: { kind: 'empty' },
    async run({ context, params, progress }) {
      progress.report('asking the BMC');
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
    summary: 'Begins an inspection (without hostcfg) or an installation (with one)',
    answers: { kind: 'inventory', resource: 'chassis' },
    async run({ context, params, progress }) {
      progress.report('asking the BMC to boot the machine from the network');
      await context.service.provision(params.uuid);
      // From here on GetTaskProgress follows the run itself, to its end long after this call's.
      const begun = await context.service.timeline(params.uuid).catch(() => undefined);
      if (begun !== undefined) {
        const link: RunLink = { chassisUuid: begun.run.chassisUuid, runUuid: begun.run.uuid };
        progress.report('the machine was told to boot', undefined, link);
      }
      return inventoryAnswer(context, 'chassis', params.uuid);
    },
  }),
  defineApi({
    ...shape,
    name: 'PowerStatusBaremetalHost',
    keys: ['powerStatusBaremetalHost'],
    effect: 'read',
    summary: 'Reads the power state from the BMC: ON, OFF or UNKNOWN',
    answers: { kind: 'members', schema: Type.Object({ status: Type.Enum(['ON', 'OFF', 'UNKNOWN']) }) },
    async run({ context, params, progress }) {
      progress.report('asking the BMC');
      return { status: await context.service.powerStatus(params.uuid) };
    },
  }),
  powerApi('PowerOnBaremetalHost', 'powerOnBaremetalHost', 'on'),
  powerApi('PowerOffBaremetalHost', 'powerOffBaremetalHost', 'off'),
  powerApi('PowerResetBaremetalHost', 'powerResetBaremetalHost', 'reset'),
];
