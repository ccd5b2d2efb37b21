export { connectBmc } from './client.ts';
export { setPower } from './power.ts';
export type { IpmiTiming } from './session/timing.ts';
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
