export type {
  BmcClient,
  BmcTarget,
  BootDevice,
  ChassisControl,
  ChassisPower,
  DeviceId,
  IpmiDeps,
  IpmiErrorCode,
} from './types.ts';
export { IpmiError } from './types.ts';
