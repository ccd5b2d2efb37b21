import type { ApiDefinition } from '../../zstack/definition.ts';
import { consoleApis } from './console.ts';
import { hostsApis } from './hosts.ts';
import { imagesApis } from './images.ts';
import { offeringsApis } from './offerings.ts';
import { pciApis } from './pci.ts';
import { vmsApis } from './vms.ts';

/** APIs of this toolkit whose services are still to come. */
export const unimplementedApis: readonly ApiDefinition[] = [
  ...consoleApis,
  ...hostsApis,
  ...imagesApis,
  ...offeringsApis,
  ...pciApis,
  ...vmsApis,
];
