import type { Command } from '../command.ts';
import { auditCommands } from './audit.ts';
import { chassisCommands } from './chassis.ts';
import { consoleCommands } from './console.ts';
import { hostCfgCommands } from './hostcfg.ts';
import { hostCommands } from './hosts.ts';
import { allIdentityCommands } from './identities.ts';
import { imageCommands } from './images.ts';
import { importCommands } from './import.ts';
import { iommuCommands } from './iommu.ts';
import { loginCommands } from './login.ts';
import { notificationCommands } from './notifications.ts';
import { pciCommands } from './pci.ts';
import { allPlaceCommands } from './places.ts';
import { pxeCommands } from './pxe.ts';
import { settingCommands } from './settings.ts';
import { tagCommands } from './tags.ts';
import { usbCommands } from './usb.ts';
import { vmCommands } from './vms.ts';
import { watchCommands } from './watch.ts';

/** Every command but `serve`, in the order of the help. */
export const commands: readonly Command[] = [
  ...loginCommands,
  ...pxeCommands,
  ...chassisCommands,
  ...importCommands,
  ...hostCfgCommands,
  ...imageCommands,
  ...watchCommands,
  ...consoleCommands,
  ...hostCommands,
  ...vmCommands,
  ...pciCommands,
  ...iommuCommands,
  ...usbCommands,
  ...tagCommands,
  ...allPlaceCommands,
  ...notificationCommands,
  ...auditCommands,
  ...settingCommands,
  ...allIdentityCommands,
];
