import { Type } from 'typebox';
import { deleteMode, description, newResourceUuid, reference, shortText } from '../../schemas.ts';
import type { ApiDefinition } from '../../zstack/definition.ts';
import { later } from './later.ts';

/** PCI devices, their offerings and the IOMMU: known by their contract, not served yet. */
export const pciApis: readonly ApiDefinition[] = [
  later({
    name: 'QueryPciDevice',
    method: 'GET',
    path: '/pci-device/pci-devices',
    keys: [],
    params: Type.Object({}),
  }),
  later({
    name: 'QueryPciDevice',
    method: 'GET',
    path: '/pci-device/pci-devices/:uuid',
    keys: [],
    params: Type.Object({
      uuid: reference,
    }),
  }),
  later({
    name: 'DeletePciDevice',
    method: 'DELETE',
    path: '/pci-device/pci-devices/:uuid',
    keys: [],
    params: Type.Object({
      uuid: reference,
      deleteMode: Type.Optional(deleteMode),
    }),
  }),
  later({
    name: 'AttachPciDeviceToVm',
    method: 'POST',
    path: '/pci-device/pci-devices/:pciDeviceUuid/attach',
    keys: ['params'],
    params: Type.Object({
      pciDeviceUuid: reference,
      vmInstanceUuid: reference,
    }),
  }),
  later({
    name: 'DetachPciDeviceFromVm',
    method: 'POST',
    path: '/pci-device/pci-devices/:pciDeviceUuid/detach',
    keys: ['params'],
    params: Type.Object({
      pciDeviceUuid: reference,
      vmInstanceUuid: reference,
    }),
  }),
  later({
    name: 'CreatePciDeviceOffering',
    method: 'POST',
    path: '/pci-device/pci-device-offerings',
    keys: ['params'],
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
  }),
  later({
    name: 'DeletePciDeviceOffering',
    method: 'POST',
    path: '/pci-device/pci-device-offerings/:uuid',
    keys: ['params'],
    params: Type.Object({
      uuid: reference,
    }),
  }),
  later({
    name: 'DeletePciDeviceOffering',
    method: 'DELETE',
    path: '/pci-device/pci-device-offerings/:uuid',
    keys: [],
    params: Type.Object({
      uuid: reference,
      deleteMode: Type.Optional(deleteMode),
    }),
  }),
  later({
    name: 'QueryPciDeviceOffering',
    method: 'GET',
    path: '/pci-device/pci-device-offerings',
    keys: [],
    params: Type.Object({}),
  }),
  later({
    name: 'QueryPciDeviceOffering',
    method: 'GET',
    path: '/pci-device/pci-device-offerings/:uuid',
    keys: [],
    params: Type.Object({
      uuid: reference,
    }),
  }),
  later({
    name: 'QueryPciDevicePciDeviceOffering',
    method: 'GET',
    path: '/pci-devices/pci-devices/pci-device-offerings',
    keys: [],
    params: Type.Object({}),
  }),
  later({
    name: 'GetHostIommuStatus',
    method: 'GET',
    path: '/pci-device/hosts/:uuid/status',
    keys: [],
    params: Type.Object({
      uuid: reference,
    }),
  }),
  later({
    name: 'GetHostIommuStatus',
    method: 'GET',
    path: '/pci-device/hosts/status/:uuid',
    keys: [],
    params: Type.Object({
      uuid: reference,
    }),
  }),
  later({
    name: 'GetHostIommuStatus',
    method: 'GET',
    path: '/pci-device/hosts/status',
    keys: [],
    params: Type.Object({
      uuid: reference,
    }),
  }),
  later({
    name: 'UpdateHostIommuState',
    method: 'PUT',
    path: '/pci-device/hosts/:uuid/actions',
    keys: ['updateHostIommuState'],
    params: Type.Object({
      uuid: reference,
      state: Type.Enum(['Enabled', 'Disabled']),
    }),
  }),
  later({
    name: 'GetHostIommuState',
    method: 'GET',
    path: '/pci-device/hosts/:uuid/state',
    keys: [],
    params: Type.Object({
      uuid: reference,
    }),
  }),
  later({
    name: 'GetHostIommuState',
    method: 'GET',
    path: '/pci-device/hosts/state/:uuid',
    keys: [],
    params: Type.Object({
      uuid: reference,
    }),
  }),
];
