export type {
  ChassisInput,
  HostCfgInput,
  PowerAction,
  ProvisionErrorCode,
  ProvisionService,
  PxeServerInput,
} from './service.ts';
export { ProvisionError } from './service.ts';
export { chassisStatuses } from './model.ts';
export type { ChassisStatus, SeenMachine, TimelineEntry } from './model.ts';
