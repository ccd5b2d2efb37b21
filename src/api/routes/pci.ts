import { Type } from 'typebox';
import { description, reference } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { inventoriesAnswer } from './inventories.ts';
import { deleteApi, inventoryAnswer, queryApis, withTags } from './resource.ts';

const path = '/pci-device/pci-devices';
const answers = { kind: 'inventory', resource: 'pciDevice' } as const;
const change = { async: true, access: 'admin', answers, resourceType: 'PciDeviceVO' } as const;
const action = { ...change, method: 'PUT', path: `${path}/:uuid/actions` } as const;
const handOver = { pciDeviceUuid: reference, vmInstanceUuid: reference };

const types = Type.Array(
  Type.Enum(['GPU_Video_Controller', 'GPU_Audio_Controller', 'GPU_3D_Controller', 'Moxa_Device', 'Generic']),
  { hint: 'must be names of types of PCI devices' },
);

/** PCI devices of hosts. */
export const pciApis: readonly ApiDefinition[] = [
  ...queryApis('QueryPciDevice', path, 'pciDevice'),
  deleteApi('DeletePciDevice', path, 'PciDeviceVO', (context, uuid) => context.iommu.deletePciDevice(uuid)),
  defineApi({
    ...action,
    name: 'UpdatePciDevice',
    keys: ['updatePciDevice'],
    summary: 'Changes state, description or metadata of a PCI device; a disabled one is given to no VM',
    params: Type.Object({
      uuid: reference,
      state: Type.Optional(Type.Enum(['Enabled', 'Disabled'])),
      description: Type.Optional(description),
      metaData: Type.Optional(Type.String({ maxLength: 2048, hint: 'must have at most 2048 characters' })),
    }),
    run(call) {
      const { uuid, ...wish } = call.params;
      return withTags(call, 'PciDeviceVO', async () => {
        await call.context.iommu.updatePciDevice(uuid, wish);
        return uuid;
      });
    },
  }),
  defineApi({
    ...change,
    name: 'AttachPciDeviceToVm',
    method: 'POST',
    path: `${path}/:pciDeviceUuid/attach`,
    keys: ['params'],
    summary: 'Gives a PCI device and the others of its IOMMU group to a VM',
    params: Type.Object(handOver),
    async run({ context, params: { pciDeviceUuid, vmInstanceUuid }, progress }) {
      await context.iommu.attachPciDevice(pciDeviceUuid, vmInstanceUuid, (text) => progress.report(text));
      return inventoryAnswer(context, 'pciDevice', pciDeviceUuid);
    },
  }),
  defineApi({
    ...change,
    name: 'DetachPciDeviceFromVm',
    method: 'POST',
    path: `${path}/:pciDeviceUuid/detach`,
    keys: ['params'],
    summary: 'Takes a PCI device and the others of its IOMMU group back from a VM',
    params: Type.Object(handOver),
    async run({ context, params: { pciDeviceUuid, vmInstanceUuid }, progress }) {
      await context.iommu.detachPciDevice(pciDeviceUuid, vmInstanceUuid, (text) => progress.report(text));
      return inventoryAnswer(context, 'pciDevice', pciDeviceUuid);
    },
  }),
  defineApi({
    name: 'GetPciDeviceAttachmentPlan',
    method: 'GET',
    path: `${path}/:uuid/attachment-plan`,
    keys: [],
    async: false,
    access: 'admin',
    summary: 'What giving a PCI device to a VM would move, why it is refused, and what to know before',
    answers: { kind: 'members', schema: Type.Object({ inventory: Type.Object({}) }) },
    resourceType: 'PciDeviceVO',
    params: Type.Object({ uuid: reference, vmInstanceUuid: reference }),
    run: async ({ context, params }) => ({
      inventory: await context.iommu.planAttachment(params.uuid, params.vmInstanceUuid),
    }),
  }),
  defineApi({
    name: 'GetPciDeviceCandidatesForAttachingVm',
    method: 'GET',
    path: '/vm-instances/:vmInstanceUuid/candidate-pci-devices',
    keys: [],
    async: false,
    access: 'admin',
    summary: 'PCI devices that a VM could get now, with all that moves along',
    answers: { kind: 'inventories', resource: 'pciDevice' },
    params: Type.Object({ vmInstanceUuid: reference, types: Type.Optional(types) }),
    run: async ({ context, params }) =>
      inventoriesAnswer(
        context,
        'pciDevice',
        await context.iommu.candidates(params.vmInstanceUuid, params.types),
      ),
  }),
  defineApi({
    ...action,
    name: 'GenerateSriovPciDevices',
    keys: ['generateSriovPciDevices'],
    summary: 'Makes virtual functions of a device that can SR-IOV',
    params: Type.Object({
      uuid: reference,
      virtPartNum: Type.Integer({ minimum: 1, maximum: 65_535, hint: 'must be a whole number from 1' }),
    }),
    async run({ context, params: { uuid, virtPartNum } }) {
      await context.iommu.generateVfs(uuid, virtPartNum);
      return inventoryAnswer(context, 'pciDevice', uuid);
    },
  }),
  defineApi({
    ...action,
    name: 'UngenerateSriovPciDevices',
    keys: ['ungenerateSriovPciDevices'],
    summary: 'Removes the virtual functions of a device; refused while a VM has one',
    params: Type.Object({ uuid: reference }),
    async run({ context, params: { uuid } }) {
      await context.iommu.removeVfs(uuid);
      return inventoryAnswer(context, 'pciDevice', uuid);
    },
  }),
];
