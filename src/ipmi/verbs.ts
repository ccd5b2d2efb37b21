import { getDeviceId } from './commands/app/get-device-id.ts';
import { getSystemGuid } from './commands/app/get-system-guid.ts';
import { readBootDevice, writeBootDevice } from './boot-device.ts';
import type { Execute } from './execute.ts';
import { controlChassis, readChassisPower } from './power.ts';
import type { BmcLink } from './link.ts';
import type { BmcClient, DeviceId } from './types.ts';

/** The verbs of a client; each has the session for itself until it ends, also those of several commands. */
export function clientVerbs(
  exclusively: BmcLink['exclusively'],
  powerTryMs: number,
): Omit<BmcClient, 'close'> {
  return {
    deviceId: () => exclusively(readDeviceId),
    systemGuid: () => exclusively((execute) => execute(getSystemGuid, undefined)),
    chassisStatus: () => exclusively(readChassisPower),
    chassisControl: (action) => exclusively((execute) => controlChassis(execute, action, powerTryMs)),
    setBootDevice: (wish) => exclusively((execute) => writeBootDevice(execute, wish)),
    bootDevice: () => exclusively(readBootDevice),
  };
}

async function readDeviceId(execute: Execute): Promise<DeviceId> {
  const reply = await execute(getDeviceId, undefined);
  return {
    deviceId: reply.deviceId,
    firmwareMajor: reply.firmwareMajor,
    // BCD, shown as its two digits; boards that send binary show in hexadecimal, as with ipmitool. IPMI 2.0 §20.1
    firmwareMinor: reply.firmwareMinor.toString(16).padStart(2, '0'),
    ipmiVersion: `${reply.ipmiVersion & 0x0f}.${reply.ipmiVersion >> 4}`,
    manufacturerId: reply.manufacturerId,
    productId: reply.productId,
  };
}
