import { Type } from 'typebox';
import { ApiError } from '../errors.ts';
import { deleteMode, description, list, newResourceUuid, reference, shortText, whole } from '../schemas.ts';
import type { ApiContext, ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { isJsonObject } from '../zstack/body.ts';
import { inventoryAnswer, queryApis, withTags } from './resource.ts';

const path = '/vm-instances';

/** With the VM goes what its console printed. */
async function expunge({ vms, consoles }: ApiContext, uuid: string): Promise<void> {
  await vms.expungeVm(uuid);
  await consoles.forget('vm', uuid);
}

/** Parameters of the product that would make another VM than is made here. Saying so beats leaving them out. */
const unserved = {
  rootDiskOfferingUuid: 'give rootDiskSize in bytes',
  dataDiskOfferingUuids: 'data disks are not made',
  dataDiskSizes: 'data disks are not made',
  diskAOs: 'data disks are not made',
  dataVolumeTemplateUuids: 'data disks are not made',
  sshKeyPairUuids: 'keys are not put into images',
  cpuNum: 'the instance offering says it',
  memorySize: 'the instance offering says it',
} as const;

/** Throws ApiError `bad-argument` for what cannot be had; an empty list asks for nothing. */
function refuseUnserved(params: Readonly<Record<string, unknown>>): void {
  for (const [name, text] of Object.entries(unserved)) {
    const value = params[name];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    throw new ApiError('bad-argument', `parameter ${name} is not served: ${text}; leave it out`, {
      data: { parameter: name },
    });
  }
}

function checkDefaultNetwork(wish: string | undefined, networks: readonly string[]): void {
  if (wish === undefined || networks.includes(wish)) return;
  throw new ApiError('bad-argument', 'parameter defaultL3NetworkUuid must be one of l3NetworkUuids', {
    data: { parameter: 'defaultL3NetworkUuid' },
  });
}

/** VMs: made, queried and removed. */
export const vmsApis: readonly ApiDefinition[] = [
  defineApi({
    name: 'CreateVmInstance',
    method: 'POST',
    path,
    keys: ['params'],
    async: true,
    access: 'admin',
    summary: 'Makes a VM on a host, its root disk from an image',
    answers: { kind: 'inventory', resource: 'vmInstance' },
    resourceType: 'VmInstanceVO',
    params: Type.Object({
      name: shortText,
      description: Type.Optional(description),
      instanceOfferingUuid: reference,
      imageUuid: reference,
      l3NetworkUuids: list,
      type: Type.Optional(Type.Enum(['UserVm', 'ApplianceVm'])),
      zoneUuid: Type.Optional(reference),
      clusterUuid: Type.Optional(reference),
      hostUuid: Type.Optional(reference),
      defaultL3NetworkUuid: Type.Optional(reference),
      rootDiskSize: Type.Optional(whole),
      strategy: Type.Optional(Type.Enum(['InstantStart', 'JustCreate', 'CreateStopped'])),
      platform: Type.Optional(shortText),
      resourceUuid: Type.Optional(newResourceUuid),
      rootDiskOfferingUuid: Type.Optional(reference),
      dataDiskOfferingUuids: Type.Optional(list),
      dataDiskSizes: Type.Optional(Type.Array(Type.Unknown(), { hint: 'must be a list' })),
      diskAOs: Type.Optional(Type.Array(Type.Unknown(), { hint: 'must be a list' })),
      dataVolumeTemplateUuids: Type.Optional(list),
      sshKeyPairUuids: Type.Optional(list),
      cpuNum: Type.Optional(whole),
      memorySize: Type.Optional(whole),
    }),
    run(call) {
      refuseUnserved(call.params);
      const { type, defaultL3NetworkUuid, ...rest } = call.params;
      if (type === 'ApplianceVm') {
        throw new ApiError('bad-argument', 'parameter type must be UserVm: appliances are not made here', {
          data: { parameter: 'type' },
        });
      }
      checkDefaultNetwork(defaultL3NetworkUuid, rest.l3NetworkUuids);
      const input = { ...rest, systemTags: call.systemTags };
      return withTags(call, 'VmInstanceVO', () =>
        call.context.vms.createVm(input, (text) => call.progress.report(text)),
      );
    },
  }),
  ...queryApis('QueryVmInstance', path, 'vmInstance', 'session'),
  defineApi({
    name: 'DestroyVmInstance',
    method: 'DELETE',
    path: `${path}/:uuid`,
    keys: [],
    async: true,
    access: 'admin',
    summary: 'Pulls the plug of a VM and marks it Destroyed; with deleteMode Enforcing also expunges it',
    answers: { kind: 'empty' },
    resourceType: 'VmInstanceVO',
    params: Type.Object({ uuid: reference, deleteMode: Type.Optional(deleteMode) }),
    async run({ context, params: { uuid, deleteMode: mode } }) {
      const vm = await context.inventoryOf('vmInstance', uuid);
      if (!isJsonObject(vm)) return {};
      if (vm['state'] !== 'Destroyed') await context.vms.destroyVm(uuid);
      if (mode === 'Enforcing') await expunge(context, uuid);
      return {};
    },
  }),
  defineApi({
    name: 'ExpungeVmInstance',
    method: 'PUT',
    path: `${path}/:uuid/actions`,
    keys: ['expungeVmInstance'],
    async: true,
    access: 'admin',
    summary: 'Removes the definition of a destroyed VM, and the disks that CreateVmInstance made',
    answers: { kind: 'empty' },
    resourceType: 'VmInstanceVO',
    params: Type.Object({ uuid: reference }),
    async run({ context, params }) {
      await expunge(context, params.uuid);
      return {};
    },
  }),
  defineApi({
    name: 'GetVmCapabilities',
    method: 'GET',
    path: `${path}/:uuid/capabilities`,
    keys: [],
    async: false,
    access: 'admin',
    summary: 'What can be done with a VM besides running it: nothing is migrated or made anew here',
    answers: { kind: 'members', schema: Type.Object({ capabilities: Type.Object({}) }) },
    resourceType: 'VmInstanceVO',
    params: Type.Object({ uuid: reference }),
    async run({ context, params }) {
      await inventoryAnswer(context, 'vmInstance', params.uuid);
      return { capabilities: { LiveMigration: false, VolumeMigration: false, Reimage: false } };
    },
  }),
];
