import { Type } from 'typebox';
import { description, newResourceUuid, reference, shortText } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { deleteApi, queryApis, withTags } from './resource.ts';

const path = '/pci-device/pci-device-offerings';

const remove = deleteApi('DeletePciDeviceOffering', path, 'PciDeviceOfferingVO', (context, uuid) =>
  context.iommu.deletePciDeviceOffering(uuid),
);
const [listMatches] = queryApis(
  'QueryPciDevicePciDeviceOffering',
  '/pci-devices/pci-devices/pci-device-offerings',
  'pciDeviceMatch',
);

/** PCI device offerings: what kind of device a VM wants. */
export const pciOfferingsApis: readonly ApiDefinition[] = [
  defineApi({
    name: 'CreatePciDeviceOffering',
    method: 'POST',
    path,
    keys: ['params'],
    async: true,
    access: 'admin',
    summary: 'Describes a kind of PCI device by its ids',
    answers: { kind: 'inventory', resource: 'pciDeviceOffering' },
    resourceType: 'PciDeviceOfferingVO',
    params: Type.Object({
      name: shortText,
      description: Type.Optional(description),
      type: Type.Optional(shortText),
      vendorId: shortText,
      deviceId: shortText,
      subvendorId: Type.Optional(shortText),
      subdeviceId: Type.Optional(shortText),
      resourceUuid: Type.Optional(newResourceUuid),
    }),
    run: (call) =>
      withTags(call, 'PciDeviceOfferingVO', () => call.context.iommu.createPciDeviceOffering(call.params)),
  }),
  remove,
  // The manual prints POST, later versions have DELETE.
  { ...remove, method: 'POST', keys: ['params'], params: Type.Object({ uuid: reference }) },
  ...queryApis('QueryPciDeviceOffering', path, 'pciDeviceOffering', 'session'),
  ...(listMatches === undefined ? [] : [listMatches]),
];
