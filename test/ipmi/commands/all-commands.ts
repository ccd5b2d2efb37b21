import { activatePayload, deactivatePayload } from '../../../src/ipmi/commands/app/activate-payload.ts';
import { getChannelAccess, setChannelAccess } from '../../../src/ipmi/commands/app/channel-access.ts';
import { getAcpiPowerState } from '../../../src/ipmi/commands/app/get-acpi-power-state.ts';
import { getChannelInfo } from '../../../src/ipmi/commands/app/get-channel-info.ts';
import { getDeviceId } from '../../../src/ipmi/commands/app/get-device-id.ts';
import { getPayloadActivationStatus } from '../../../src/ipmi/commands/app/get-payload-activation-status.ts';
import { getSelfTestResults } from '../../../src/ipmi/commands/app/get-self-test-results.ts';
import { coldReset, warmReset } from '../../../src/ipmi/commands/app/reset.ts';
import { setUserPassword } from '../../../src/ipmi/commands/app/set-user-password.ts';
import { getUserAccess, setUserAccess } from '../../../src/ipmi/commands/app/user-access.ts';
import { getUserName, setUserName } from '../../../src/ipmi/commands/app/user-name.ts';
import { getBootOptions } from '../../../src/ipmi/commands/chassis/get-boot-options.ts';
import { getChassisStatus } from '../../../src/ipmi/commands/chassis/get-status.ts';
import { getSystemRestartCause } from '../../../src/ipmi/commands/chassis/get-system-restart-cause.ts';
import { chassisIdentify } from '../../../src/ipmi/commands/chassis/identify.ts';
import { setBootOptions } from '../../../src/ipmi/commands/chassis/set-boot-options.ts';
import { setPowerRestorePolicy } from '../../../src/ipmi/commands/chassis/set-power-restore-policy.ts';
import type { Command } from '../../../src/ipmi/commands/command.ts';
import { getDeviceSdrInfo } from '../../../src/ipmi/commands/sensor/get-device-sdr-info.ts';
import { getSensorReading } from '../../../src/ipmi/commands/sensor/get-sensor-reading.ts';
import { getSensorReadingFactors } from '../../../src/ipmi/commands/sensor/get-sensor-reading-factors.ts';
import { getSensorThresholds } from '../../../src/ipmi/commands/sensor/get-sensor-thresholds.ts';
import { clearSelCommand } from '../../../src/ipmi/commands/storage/clear-sel.ts';
import { getFruInventoryAreaInfo } from '../../../src/ipmi/commands/storage/get-fru-inventory-area-info.ts';
import { getDeviceSdr, getSdr } from '../../../src/ipmi/commands/storage/get-sdr.ts';
import { getSdrRepositoryInfo } from '../../../src/ipmi/commands/storage/get-sdr-repository-info.ts';
import { getSelEntry } from '../../../src/ipmi/commands/storage/get-sel-entry.ts';
import { getSelInfo } from '../../../src/ipmi/commands/storage/get-sel-info.ts';
import { readFruData } from '../../../src/ipmi/commands/storage/read-fru-data.ts';
import {
  reserveDeviceSdr,
  reserveSdrRepository,
  reserveSel,
} from '../../../src/ipmi/commands/storage/reserve.ts';
import { getSelTime, setSelTime } from '../../../src/ipmi/commands/storage/sel-time.ts';
import {
  getLanConfiguration,
  getSolConfiguration,
  setSolConfiguration,
} from '../../../src/ipmi/commands/transport/configuration.ts';

/** A command whose types are not known: what one codec reads another of the same command may write. */
export interface AnyCommand {
  readonly name: string;
  readonly netFn: number;
  readonly cmd: number;
  /** Bytes of a request, read and written again. */
  readonly requestAgain: (data: Uint8Array) => Uint8Array;
  readonly replyAgain: (data: Uint8Array) => Uint8Array;
}

function any<Request, Reply>(command: Command<Request, Reply>): AnyCommand {
  const { name, netFn, cmd, encodeRequest, decodeRequest, encodeReply, decodeReply } = command;
  return {
    name,
    netFn,
    cmd,
    requestAgain: (data) => encodeRequest(decodeRequest(data)),
    replyAgain: (data) => encodeReply(decodeReply(data)),
  };
}

/** Commands by what ipmitool uses or may use of them. */
export const allCommands: readonly AnyCommand[] = [
  any(activatePayload),
  any(deactivatePayload),
  any(getChannelAccess),
  any(setChannelAccess),
  any(getAcpiPowerState),
  any(getChannelInfo),
  any(getDeviceId),
  any(getPayloadActivationStatus),
  any(getSelfTestResults),
  any(coldReset),
  any(warmReset),
  any(setUserPassword),
  any(getUserAccess),
  any(setUserAccess),
  any(getUserName),
  any(setUserName),
  any(getBootOptions),
  any(getChassisStatus),
  any(getSystemRestartCause),
  any(chassisIdentify),
  any(setBootOptions),
  any(setPowerRestorePolicy),
  any(getDeviceSdrInfo),
  any(getSensorReading),
  any(getSensorReadingFactors),
  any(getSensorThresholds),
  any(clearSelCommand),
  any(getFruInventoryAreaInfo),
  any(getSdr),
  any(getDeviceSdr),
  any(getSdrRepositoryInfo),
  any(getSelEntry),
  any(getSelInfo),
  any(readFruData),
  any(reserveSel),
  any(reserveSdrRepository),
  any(reserveDeviceSdr),
  any(getSelTime),
  any(setSelTime),
  any(getLanConfiguration),
  any(getSolConfiguration),
  any(setSolConfiguration),
];
