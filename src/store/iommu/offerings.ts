import type { PciDeviceOffering } from '../../iommu/model.ts';
import type { IommuStore } from '../../iommu/ports.ts';
import type { Session } from '../group-commit.ts';
import { createRowTable } from '../row-table.ts';
import { createMatches } from './matches.ts';

type OfferingStore = Pick<
  IommuStore,
  'savePciDeviceOffering' | 'getPciDeviceOffering' | 'deletePciDeviceOffering'
>;

/** PCI device offerings. Which instance offerings they belong to is kept by triggers of the tag `pciDeviceOffering::`. */
export function createPciOfferingStore({ db, read, write }: Session): OfferingStore {
  const offerings = createRowTable<PciDeviceOffering>(db, 'pci_device_offering', {
    uuid: 'plain',
    name: 'plain',
    description: 'plain',
    type: 'plain',
    vendorId: 'plain',
    deviceId: 'plain',
    subvendorId: 'plain',
    subdeviceId: 'plain',
    createDate: 'plain',
    lastOpDate: 'plain',
  });
  const matches = createMatches(db);
  return {
    savePciDeviceOffering: (offering) =>
      write(() => {
        offerings.save(offering);
        matches.ofOffering(offering.uuid);
      }),
    getPciDeviceOffering: (uuid) => read(() => offerings.get(uuid)),
    deletePciDeviceOffering: (uuid) => write(() => offerings.delete(uuid)),
  };
}
