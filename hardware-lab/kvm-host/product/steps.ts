import type { Step } from '../steps.ts';
import { hostSteps } from './hosts.ts';
import { passThroughSteps } from './pass-through.ts';
import { troubleSteps } from './trouble.ts';
import { usbSteps } from './usb.ts';
import type { ProductWorld } from './world.ts';

/** What Rackwright does with a host whose IOMMU is off at first; each step builds on the ones before it. */
export const productSteps: readonly Step<ProductWorld>[] = [
  ...hostSteps,
  ...passThroughSteps,
  ...usbSteps,
  ...troubleSteps,
];
