import {
  commonText,
  dates,
  defineResource,
  integer,
  optionalJson,
  optionalText,
  text,
  toMany,
  toOne,
} from '../resource.ts';

const pciIds = { vendorId: text, deviceId: text, subvendorId: optionalText, subdeviceId: optionalText };

/** A member of what the last look at the device said. */
function fact<Kind extends 'text' | 'integer'>(kind: Kind, member: string) {
  return { kind, column: `(pci_device.facts ->> '$.${member}')`, optional: true } as const;
}

/** What the last look at the device said. */
const seen = {
  className: fact('text', 'className'),
  driver: fact('text', 'driver'),
  iommuGroup: fact('integer', 'iommuGroup'),
  numaNode: fact('integer', 'numaNode'),
  physicalFunction: fact('text', 'physicalFunction'),
  totalVfs: fact('integer', 'sriov.totalVfs'),
  numVfs: fact('integer', 'sriov.numVfs'),
} as const;

/** PCI devices, and the offerings that they fit. */
export const pci = {
  instanceOfferingPci: defineResource({
    name: 'instanceOfferingPci',
    inventory: 'PciDeviceOfferingInstanceOfferingRefInventory',
    table: 'instance_offering_pci',
    fields: {
      id: integer,
      instanceOfferingUuid: text,
      pciDeviceOfferingUuid: text,
      metadata: optionalJson,
      pciDeviceCount: integer,
    },
    relations: {
      instanceOffering: toOne('instanceOffering', 'instance_offering_uuid'),
      pciDeviceOffering: toOne('pciDeviceOffering', 'pci_device_offering_uuid'),
    },
    key: ['id'],
    order: [],
    sight: { column: 'pci_device_offering_uuid', among: ['shared'] },
  }),
  pciDevice: defineResource({
    name: 'pciDevice',
    inventory: 'PciDeviceInventory',
    table: 'pci_device',
    fields: {
      uuid: text,
      name: text,
      description: optionalText,
      hostUuid: text,
      vmInstanceUuid: optionalText,
      status: text,
      state: commonText,
      type: text,
      kind: text,
      ...pciIds,
      pciDeviceAddress: text,
      metaData: optionalJson,
      ...seen,
      ...dates,
    },
    relations: {
      host: toOne('host', 'host_uuid'),
      vmInstance: toOne('vmInstance', 'vm_instance_uuid'),
      matchedPciDeviceOfferingRef: toMany('pciDeviceMatch', 'pci_device_uuid', {
        listedBy: 'pci_device_offering_uuid',
      }),
      matchedPciDeviceOffering: {
        ...toMany('pciDeviceOffering', 'uuid'),
        via: { table: 'pci_device_match', here: 'pci_device_uuid', there: 'pci_device_offering_uuid' },
      },
    },
    tagType: 'PciDeviceVO',
  }),
  pciDeviceOffering: defineResource({
    name: 'pciDeviceOffering',
    inventory: 'PciDeviceOfferingInventory',
    table: 'pci_device_offering',
    fields: { uuid: text, name: text, description: optionalText, type: text, ...pciIds, ...dates },
    relations: {
      attachedInstanceOfferings: toMany('instanceOfferingPci', 'pci_device_offering_uuid', {
        listedBy: 'id',
        aliases: ['attachedInstanceOfferingsRef'],
      }),
      matchedPciDevices: toMany('pciDeviceMatch', 'pci_device_offering_uuid', {
        listedBy: 'pci_device_uuid',
      }),
      matchedPciDevice: {
        ...toMany('pciDevice', 'uuid'),
        via: { table: 'pci_device_match', here: 'pci_device_offering_uuid', there: 'pci_device_uuid' },
      },
    },
    sight: { column: 'uuid', among: ['shared'] },
    tagType: 'PciDeviceOfferingVO',
  }),
  pciDeviceMatch: defineResource({
    name: 'pciDeviceMatch',
    inventory: 'PciDevicePciDeviceOfferingRefInventory',
    table: 'pci_device_match',
    fields: { pciDeviceUuid: text, pciDeviceOfferingUuid: text },
    relations: {
      pciDevice: toOne('pciDevice', 'pci_device_uuid'),
      pciDeviceOffering: toOne('pciDeviceOffering', 'pci_device_offering_uuid'),
    },
    key: ['pci_device_uuid', 'pci_device_offering_uuid'],
    order: [],
  }),
} as const;
