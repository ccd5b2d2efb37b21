import { ByteWriter } from '../../../src/base/bytes.ts';
import { chassisControl } from '../../../src/ipmi/commands/chassis/control.ts';
import { getBootOptions } from '../../../src/ipmi/commands/chassis/get-boot-options.ts';
import { getSystemRestartCause } from '../../../src/ipmi/commands/chassis/get-system-restart-cause.ts';
import { getChassisStatus } from '../../../src/ipmi/commands/chassis/get-status.ts';
import { chassisIdentify } from '../../../src/ipmi/commands/chassis/identify.ts';
import { setBootOptions } from '../../../src/ipmi/commands/chassis/set-boot-options.ts';
import {
  type PowerRestorePolicy,
  setPowerRestorePolicy,
} from '../../../src/ipmi/commands/chassis/set-power-restore-policy.ts';
import { netFn } from '../../../src/ipmi/commands/command.ts';
import { readBootOption, writeBootOption } from '../boot-options.ts';
import { stepMachine } from '../machine.ts';
import type { BmcState, Turn } from '../state.ts';
import { restorePolicy } from '../power.ts';
import { bytesRow, type CommandRow, completion, refuse, row } from './row.ts';

const bmcAddress = 0x20;
const identifySupported = 0x40;
const identifyState = { off: 0x00, temporary: 0x10, indefinite: 0x20 } as const;
const byCommand = 0x10;
const bootOptionsVersion = 1;
const unknownBootParameter = 0x80;
const policies: Readonly<Record<PowerRestorePolicy, number>> = {
  off: restorePolicy.stayOff,
  previous: restorePolicy.previous,
  on: restorePolicy.alwaysOn,
};

/** What the BMC says about power, which is not always what is. */
function claimedOn({ power, faults }: Turn['bmc'] | BmcState): boolean {
  if (faults.power === 'says-on') return true;
  return faults.power === 'says-off' ? false : power.on;
}

function identifyBits({ bmc, now }: Turn): number {
  if (bmc.identifyUntil === Infinity) return identifyState.indefinite;
  return bmc.identifyUntil > now ? identifyState.temporary : identifyState.off;
}

/** The machine. IPMI 2.0 §28 */
export const chassisCommands: readonly CommandRow[] = [
  bytesRow(netFn.chassis, 0x00, 'user', () =>
    Uint8Array.of(0x01, bmcAddress, bmcAddress, bmcAddress, bmcAddress, bmcAddress),
  ),
  row(getChassisStatus, 'user', (turn) => {
    const { power } = turn.bmc;
    return {
      powerState: (claimedOn(turn.bmc) ? 0x01 : 0) | (power.policy << 5),
      lastPowerEvent: power.onByCommand ? byCommand : 0,
      miscState: identifySupported | identifyBits(turn),
    };
  }),
  row(chassisControl, 'operator', (turn, action) => {
    const outcome = stepMachine(turn, { kind: 'control', action, now: turn.now });
    return outcome === 'done' ? undefined : refuse(completion.notNow);
  }),
  row(chassisIdentify, 'operator', (turn, { seconds, force }) => {
    turn.bmc.identifyUntil = force ? Infinity : turn.now + seconds * 1000;
    return undefined;
  }),
  row(setPowerRestorePolicy, 'operator', ({ bmc }, policy) => {
    if (policy !== 'ask') bmc.power = { ...bmc.power, policy: policies[policy] };
    return ['off', 'previous', 'on'] as const;
  }),
  row(getSystemRestartCause, 'user', ({ bmc }) => ({ cause: bmc.power.cause, channel: 0 })),
  row(setBootOptions, 'operator', ({ bmc, now }, request) => {
    const next = writeBootOption(bmc.boot, request, now);
    if (typeof next === 'number') return refuse(next);
    bmc.boot = next;
    return undefined;
  }),
  row(getBootOptions, 'operator', ({ bmc }, { parameter }) => {
    const found = readBootOption(bmc.boot, parameter);
    return found ? { version: bootOptionsVersion, parameter, ...found } : refuse(unknownBootParameter);
  }),
  bytesRow(netFn.chassis, 0x0f, 'user', ({ now }) =>
    new ByteWriter(5)
      .u8(60)
      .u32le(Math.floor(now / 3_600_000))
      .done(),
  ),
];
