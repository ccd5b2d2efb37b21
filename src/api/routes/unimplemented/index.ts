import type { ApiDefinition } from '../../zstack/definition.ts';
import { imagesApis } from './images.ts';
import { vmsApis } from './vms.ts';

/** APIs of this toolkit whose services are still to come. */
export const unimplementedApis: readonly ApiDefinition[] = [...imagesApis, ...vmsApis];
