import type { ApiDefinition } from '../zstack/definition.ts';
import { accountApis } from './accounts.ts';
import { chassisApis } from './chassis.ts';
import { hardwareInfoApis } from './hardwareinfo.ts';
import { hostCfgApis } from './hostcfg.ts';
import { managementApis } from './management.ts';
import { powerApis } from './power.ts';
import { pxeServerApis } from './pxeserver.ts';
import { timelineApis } from './timeline.ts';

/** Every API served, one row each. */
export const apiTable: readonly ApiDefinition[] = [
  ...accountApis,
  ...managementApis,
  ...pxeServerApis,
  ...chassisApis,
  ...powerApis,
  ...hostCfgApis,
  ...hardwareInfoApis,
  ...timelineApis,
];
