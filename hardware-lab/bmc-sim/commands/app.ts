import { ByteReader } from '../../../src/base/bytes.ts';
import { getAcpiPowerState } from '../../../src/ipmi/commands/app/get-acpi-power-state.ts';
import { getDeviceId } from '../../../src/ipmi/commands/app/get-device-id.ts';
import { getSelfTestResults } from '../../../src/ipmi/commands/app/get-self-test-results.ts';
import { getSystemGuid } from '../../../src/ipmi/commands/app/get-system-guid.ts';
import { coldReset, warmReset } from '../../../src/ipmi/commands/app/reset.ts';
import { netFn } from '../../../src/ipmi/commands/command.ts';
import { restartBmc } from '../restart.ts';
import { bytesRow, type CommandRow, noData, row } from './row.ts';

/** Device SDRs are none; the bits say: chassis, FRU, SEL, SDR repository, sensors. IPMI 2.0 §20.1 */
const additionalSupport = 0x8f;
const selfTestPassed = { result: 0x55, detail: 0 };

/** ACPI states. IPMI 2.0 §20.6 */
const acpi = { working: 0x00, softOff: 0x05, unknown: 0x2a, setBit: 0x80 } as const;

/** The BMC about itself. IPMI 2.0 §20 */
export const appCommands: readonly CommandRow[] = [
  row(getDeviceId, 'user', ({ bmc }) => ({
    deviceId: 0x20,
    deviceRevision: 0x01,
    firmwareMajor: bmc.config.firmware.major,
    firmwareMinor: bmc.config.firmware.minor,
    available: true,
    ipmiVersion: 0x02,
    additionalSupport,
    manufacturerId: bmc.config.manufacturerId,
    productId: bmc.config.productId,
  })),
  row(coldReset, 'administrator', (turn) => restartBmc(turn, turn.bmc.config.coldResetMs)),
  row(warmReset, 'administrator', (turn) => restartBmc(turn, turn.bmc.config.warmResetMs)),
  row(getSelfTestResults, 'user', () => selfTestPassed),
  bytesRow(netFn.app, 0x06, 'administrator', ({ bmc }, data) => {
    const r = new ByteReader(data);
    const system = r.u8('acpi.system');
    const device = r.u8('acpi.device');
    const { settings } = bmc;
    const value = (wish: number, before: number): number =>
      (wish & acpi.setBit) !== 0 ? wish & 0x7f : before;
    bmc.settings = {
      ...settings,
      acpi: { system: value(system, settings.acpi.system), device: value(device, settings.acpi.device) },
    };
    return noData;
  }),
  row(getAcpiPowerState, 'user', ({ bmc }) => {
    const { system, device } = bmc.settings.acpi;
    const own = bmc.power.on ? acpi.working : acpi.softOff;
    return { system: system === acpi.unknown ? own : system, device: device === acpi.unknown ? 0 : device };
  }),
  bytesRow(netFn.app, 0x08, 'user', ({ bmc }) => bmc.guid),
  row(getSystemGuid, 'anyone', ({ bmc }) => bmc.guid),
];
