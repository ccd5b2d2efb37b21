import type { ResourceName } from '../../api/ports.ts';
import type { Resource } from './resource.ts';
import { bareMetal } from './resources/bare-metal.ts';
import { kvm } from './resources/kvm.ts';
import { platform } from './resources/platform.ts';

/** Everything that can be queried, by name. */
export const resources: Readonly<Record<ResourceName, Resource>> = { ...bareMetal, ...platform, ...kvm };
