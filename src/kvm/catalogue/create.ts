import type { Clock } from '../../base/clock.ts';
import type { RandomBytes } from '../../base/random.ts';
import type { KvmStore } from '../ports.ts';
import type { CatalogueService } from '../service.ts';
import { createImages } from './images.ts';
import { createInstanceOfferings } from './instance-offerings.ts';
import { createStackTemplates } from './stack-templates.ts';

export interface CatalogueDeps {
  readonly store: KvmStore;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

/** What VMs are made of: instance offerings, images, stack templates. Rejects with KvmError. */
export function createCatalogue(deps: CatalogueDeps): CatalogueService {
  return { ...createInstanceOfferings(deps), ...createImages(deps), ...createStackTemplates(deps) };
}
