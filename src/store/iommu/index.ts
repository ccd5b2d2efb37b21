import type { IommuStore } from '../../iommu/ports.ts';
import type { Session } from '../group-commit.ts';
import { createHostIommuStore } from './host-iommu.ts';
import { createPciOfferingStore } from './offerings.ts';
import { createPciStore } from './pci-devices.ts';

/** Storage of PCI devices, their offerings and the IOMMU of hosts. */
export function createIommuStore(session: Session): IommuStore {
  return {
    ...createPciStore(session),
    ...createPciOfferingStore(session),
    ...createHostIommuStore(session),
  };
}
