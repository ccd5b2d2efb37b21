import type { Command } from '../command.ts';
import { auditCommands } from './audit.ts';
import { chassisCommands } from './chassis.ts';
import { hostCfgCommands } from './hostcfg.ts';
import { allIdentityCommands } from './identities.ts';
import { importCommands } from './import.ts';
import { loginCommands } from './login.ts';
import { notificationCommands } from './notifications.ts';
import { allPlaceCommands } from './places.ts';
import { pxeCommands } from './pxe.ts';
import { settingCommands } from './settings.ts';
import { tagCommands } from './tags.ts';
import { watchCommands } from './watch.ts';

/** Every command but `serve`, in the order of the help. */
export const commands: readonly Command[] = [
  ...loginCommands,
  ...pxeCommands,
  ...chassisCommands,
  ...importCommands,
  ...hostCfgCommands,
  ...watchCommands,
  ...tagCommands,
  ...allPlaceCommands,
  ...notificationCommands,
  ...auditCommands,
  ...settingCommands,
  ...allIdentityCommands,
];
