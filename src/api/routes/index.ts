import type { ApiDefinition } from '../zstack/definition.ts';
import { accountApis } from './accounts.ts';
import { auditsApis } from './audits.ts';
import { batchApis } from './batch.ts';
import { bootImageApis } from './boot-images.ts';
import { bmcActionApis } from './bmc-actions.ts';
import { bmcApis } from './bmc.ts';
import { chassisApis } from './chassis.ts';
import { clustersApis } from './clusters.ts';
import { consoleAgentApis } from './console-agents.ts';
import { consoleFileApis } from './console-files.ts';
import { consoleApis } from './consoles.ts';
import { globalConfigApis } from './global-config.ts';
import { hardwareInfoApis } from './hardwareinfo.ts';
import { hostCfgApis } from './hostcfg.ts';
import { hostShellApis } from './host-shell.ts';
import { hostsApis } from './hosts.ts';
import { imagesApis } from './images.ts';
import { instanceOfferingsApis } from './instance-offerings.ts';
import { iommuApis } from './iommu.ts';
import { isosApis } from './isos.ts';
import { managementApis } from './management.ts';
import { notificationsApis } from './notifications.ts';
import { pciApis } from './pci.ts';
import { pciOfferingsApis } from './pci-offerings.ts';
import { powerApis } from './power.ts';
import { pxeServerApis } from './pxeserver.ts';
import { queryFieldsApis } from './query-fields.ts';
import { stackTemplatesApis } from './stack-templates.ts';
import { tagsApis } from './tags.ts';
import { taskProgressApis } from './task-progress.ts';
import { timelineApis } from './timeline.ts';
import { unimplementedApis } from './unimplemented/index.ts';
import { usbDevicesApis } from './usb-devices.ts';
import { usbRedirectApis } from './usb-redirect.ts';
import { usersApis } from './users.ts';
import { vmActionsApis } from './vm-actions.ts';
import { vmsApis } from './vms.ts';
import { zonesApis } from './zones.ts';

/** Every API, one row each. */
export const apiTable: readonly ApiDefinition[] = [
  ...accountApis,
  ...usersApis,
  ...managementApis,
  ...zonesApis,
  ...clustersApis,
  ...tagsApis,
  ...taskProgressApis,
  ...notificationsApis,
  ...globalConfigApis,
  ...auditsApis,
  ...queryFieldsApis,
  ...pxeServerApis,
  ...batchApis,
  ...chassisApis,
  ...powerApis,
  ...bmcApis,
  ...bmcActionApis,
  ...hostCfgApis,
  ...bootImageApis,
  ...hardwareInfoApis,
  ...timelineApis,
  ...consoleApis,
  ...consoleAgentApis,
  ...consoleFileApis,
  ...hostsApis,
  ...hostShellApis,
  ...pciApis,
  ...pciOfferingsApis,
  ...iommuApis,
  ...usbDevicesApis,
  ...usbRedirectApis,
  ...vmsApis,
  ...vmActionsApis,
  ...isosApis,
  ...instanceOfferingsApis,
  ...imagesApis,
  ...stackTemplatesApis,
  ...unimplementedApis,
];
