import { expireBootFlags, holdBootFlags, takeBootFlags } from './boot-options.ts';
import { advancePower, type PowerEvent, type PowerHappening, stepPower } from './power.ts';
import { sensorNumber, sensorType } from './sensors.ts';
import { addSelEvent } from './sel.ts';
import type { Turn } from './state.ts';

const sensorSpecific = 0x6f;
const deasserted = 0x80;

/** Offsets in the data of sensor-specific events. IPMI 2.0 §42.2, table 42-3 */
const offset = {
  powerOff: 0x00,
  initiatedByPowerUp: 0x00,
  initiatedByHardReset: 0x01,
  frontPanelNmi: 0x00,
} as const;

/** Lets happen to the machine what is due: power changes, boots, the end of boot flags. */
export function settleMachine(turn: Turn): void {
  const { bmc, now } = turn;
  const [power, happenings] = advancePower(bmc.power, now, bmc.config.power);
  if (happenings.length > 0) {
    bmc.power = power;
    record(turn, happenings);
  }
  bmc.boot = expireBootFlags(bmc.boot, now);
}

/** One power command or one thing that a person does. A machine that "stays" says done and does nothing. */
export function stepMachine(turn: Turn, event: PowerEvent): 'done' | 'refused' {
  const { bmc } = turn;
  if (event.kind === 'control') {
    bmc.boot = holdBootFlags(bmc.boot);
    if (bmc.faults.power === 'stays') return 'done';
  }
  const [power, happenings, outcome] = stepPower(bmc.power, event, bmc.config.power);
  bmc.power = power;
  record(turn, happenings);
  settleMachine(turn);
  return outcome;
}

/** Writes the log, and lets the firmware read its boot flags. */
function record(turn: Turn, happenings: readonly PowerHappening[]): void {
  const { bmc } = turn;
  for (const { kind, at, ...more } of happenings) {
    const event = (type: number, number: number, eventType: number, first: number): void => {
      const data = [first, 0xff, 0xff] as const;
      bmc.sel = addSelEvent(bmc.sel, { sensorType: type, sensorNumber: number, eventType, data }, at);
    };
    switch (kind) {
      case 'on':
        event(sensorType.powerUnit, sensorNumber.powerUnit, sensorSpecific | deasserted, offset.powerOff);
        break;
      case 'off':
        event(sensorType.powerUnit, sensorNumber.powerUnit, sensorSpecific, offset.powerOff);
        break;
      case 'diagnostic-interrupt':
        event(
          sensorType.criticalInterrupt,
          sensorNumber.criticalInterrupt,
          sensorSpecific,
          offset.frontPanelNmi,
        );
        break;
      case 'boot': {
        const cold = 'cold' in more && more.cold;
        const how = cold ? offset.initiatedByPowerUp : offset.initiatedByHardReset;
        event(sensorType.systemBoot, sensorNumber.systemBoot, sensorSpecific, how);
        [bmc.boot, bmc.lastBoot] = takeBootFlags(bmc.boot, at);
      }
    }
  }
}
