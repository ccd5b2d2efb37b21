import { initial } from './0001-initial.ts';
import { platform } from './0002-platform.ts';
import { kvmInventory } from './0003-kvm-inventory.ts';
import { bmcFleet } from './0004-bmc-fleet.ts';
import { kvmHosts } from './0005-kvm-hosts.ts';
import { pxeModes } from './0006-pxe-modes.ts';
import { bootImages } from './0007-boot-images.ts';
import { imageQueries } from './0008-image-queries.ts';
import type { Migration } from './migration.ts';

/** Every migration in the order in which it is applied; add new ones at the end. */
export const migrations: readonly Migration[] = [
  initial,
  platform,
  kvmInventory,
  bmcFleet,
  kvmHosts,
  pxeModes,
  bootImages,
  imageQueries,
];
