import { Type } from 'typebox';
import { deleteMode, reference } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { inventoriesAnswer } from './inventories.ts';
import { inventoryAnswer } from './resource.ts';

const change = {
  keys: [],
  async: true,
  access: 'admin',
  answers: { kind: 'inventory', resource: 'vmInstance' },
  resourceType: 'VmInstanceVO',
} as const;
const reading = { method: 'GET', keys: [], async: false, access: 'admin' } as const;

/** ISO images in the drives of VMs. */
export const isosApis: readonly ApiDefinition[] = [
  defineApi({
    ...reading,
    name: 'GetCandidateIsoForAttachingVm',
    path: '/vm-instances/:vmInstanceUuid/iso-candidates',
    summary: 'ISO images that a VM could get',
    answers: { kind: 'inventories', resource: 'image' },
    params: Type.Object({ vmInstanceUuid: reference }),
    run: async ({ context, params }) =>
      inventoriesAnswer(context, 'image', await context.vms.isoCandidates(params.vmInstanceUuid)),
  }),
  defineApi({
    ...reading,
    name: 'GetCandidateVmForAttachingIso',
    path: '/images/iso/:isoUuid/vm-candidates',
    summary: 'VMs that could get an ISO image',
    answers: { kind: 'inventories', resource: 'vmInstance' },
    params: Type.Object({ isoUuid: reference }),
    run: async ({ context, params }) =>
      inventoriesAnswer(context, 'vmInstance', await context.vms.vmCandidates(params.isoUuid)),
  }),
  defineApi({
    ...change,
    name: 'AttachIsoToVmInstance',
    method: 'POST',
    path: '/vm-instances/:vmInstanceUuid/iso/:isoUuid',
    summary: 'Puts an ISO image into the drive of a VM',
    params: Type.Object({ vmInstanceUuid: reference, isoUuid: reference }),
    async run({ context, params: { vmInstanceUuid, isoUuid } }) {
      await context.vms.attachIso(vmInstanceUuid, isoUuid);
      return inventoryAnswer(context, 'vmInstance', vmInstanceUuid);
    },
  }),
  defineApi({
    ...change,
    name: 'DetachIsoFromVmInstance',
    method: 'DELETE',
    path: '/vm-instances/:vmInstanceUuid/iso',
    summary: 'Takes the ISO image out of the drive of a VM; of a VM that does not exist it is out',
    params: Type.Object({ vmInstanceUuid: reference, deleteMode: Type.Optional(deleteMode) }),
    async run({ context, params: { vmInstanceUuid } }) {
      if ((await context.inventoryOf('vmInstance', vmInstanceUuid)) === undefined) return {};
      await context.vms.detachIso(vmInstanceUuid);
      return inventoryAnswer(context, 'vmInstance', vmInstanceUuid);
    },
  }),
];
