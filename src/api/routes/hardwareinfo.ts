import { queryApis } from './resource.ts';

/** What inspection found. */
export const hardwareInfoApis = queryApis(
  'QueryBaremetalHardwareInfo',
  '/baremetal/hardwareinfo',
  'hardwareInfo',
);
