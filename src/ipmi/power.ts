import { assertNever } from '../base/errors.ts';
import { chassisControl } from './commands/chassis/control.ts';
import { getChassisStatus } from './commands/chassis/get-status.ts';
import type { Execute } from './execute.ts';
import { type BmcClient, type ChassisControl, type ChassisPower, IpmiError } from './types.ts';

/** Tries of power-up and power-down when answers get lost. */
const tries = 3;

const goals: Readonly<Partial<Record<ChassisControl, boolean>>> = { 'power-up': true, 'power-down': false };

/** Reads the chassis status. IPMI 2.0 §28.2 */
export async function readChassisPower(execute: Execute): Promise<ChassisPower> {
  const { powerState, lastPowerEvent } = await execute(getChassisStatus, undefined);
  return {
    powerOn: (powerState & 0x01) !== 0,
    powerOverload: (powerState & 0x02) !== 0,
    powerFault: (powerState & 0x08) !== 0,
    lastPowerEvent,
  };
}

/**
 * Sends a chassis control so that it is not carried out twice. A BMC may notice a repeated request (completion code 0xCF, IPMI 2.0
 * §5.2) but need not, so none is repeated blindly. After a lost answer to power-up or power-down the chassis status tells whether it
 * worked, and it is sent again only if not. A reset, cycle, interrupt or soft shutdown leaves no such trace: it fails with `no-answer`
 * and `data.mayHaveRun`.
 */
export async function controlChassis(execute: Execute, action: ChassisControl, tryMs: number): Promise<void> {
  const goal = goals[action];
  if (goal === undefined) {
    await execute(chassisControl, action, { once: true }).catch((error: unknown) => {
      throw isSilence(error) ? mayHaveRun(action, error) : error;
    });
    return;
  }
  for (let left = tries; ; left--) {
    try {
      await execute(chassisControl, action, { once: true, withinMs: tryMs });
      return;
    } catch (error) {
      if (!isSilence(error)) throw error;
      const power = await readChassisPower(execute).catch(() => undefined);
      if (power?.powerOn === goal) return;
      if (power === undefined || left === 1) throw mayHaveRun(action, error);
    }
  }
}

function isSilence(error: unknown): boolean {
  return error instanceof IpmiError && (error.code === 'no-answer' || error.code === 'bmc-not-genuine');
}

function mayHaveRun(action: ChassisControl, cause: unknown): IpmiError {
  return new IpmiError(
    'no-answer',
    `the BMC did not answer to "${action}"; it may have been carried out, so it was not sent again: look at the machine's power state`,
    { data: { mayHaveRun: true }, cause },
  );
}

/**
 * Brings the machine into the wished power state as a technician means it: "on" when on and "off" when off succeed without a command,
 * "reset" of a machine that is off powers it on. Resolves when the BMC took the command; the state may follow seconds later.
 * Rejects with IpmiError.
 */
export async function setPower(client: BmcClient, action: 'on' | 'off' | 'reset'): Promise<void> {
  const { powerOn } = await client.chassisStatus();
  const control = controlFor(action, powerOn);
  if (control === undefined) return;
  try {
    await client.chassisControl(control);
  } catch (error) {
    // The state may have changed in between: the wish is then fulfilled, or needs the other command.
    if (!(error instanceof IpmiError) || error.data['completionCode'] !== notInPresentState) throw error;
    const now = (await client.chassisStatus()).powerOn;
    if (now === powerOn) throw error;
    const again = controlFor(action, now);
    if (again !== undefined) await client.chassisControl(again);
  }
}

/** IPMI 2.0 §5.2, table 5-2 */
const notInPresentState = 0xd5;

function controlFor(action: 'on' | 'off' | 'reset', powerOn: boolean): ChassisControl | undefined {
  switch (action) {
    case 'on':
      return powerOn ? undefined : 'power-up';
    case 'off':
      return powerOn ? 'power-down' : undefined;
    case 'reset':
      return powerOn ? 'hard-reset' : 'power-up';
    default:
      return assertNever(action, 'power action');
  }
}
