import {
  bootSelector,
  type BootFlags,
  decodeBootFlags,
  encodeBootFlags,
} from './commands/chassis/boot-flags.ts';
import {
  bootInitiator,
  encodeBootInfoAcknowledge,
  encodeValidBitClearing,
  setInProgressValue,
} from './commands/chassis/boot-parameters.ts';
import { getBootOptions } from './commands/chassis/get-boot-options.ts';
import { bootParameter, setBootOptions } from './commands/chassis/set-boot-options.ts';
import { type Execute, readReply } from './execute.ts';
import { type BootDevice, IpmiError } from './types.ts';

/** What a caller may wish. */
export interface BootWish {
  readonly device: 'pxe' | 'disk' | 'none';
  readonly efi: boolean;
  readonly persistent: boolean;
  /** The flags stay until the machine boots, where boards drop them after 60 seconds or a button. Default false. */
  readonly keepUntilBoot?: boolean;
}

/** A watchdog or an event filter that restarts the machine is no boot that was wished: those still clear the flags. */
const untilBoot = encodeValidBitClearing({
  keepOnPowerButton: true,
  keepOnResetButton: true,
  keepOnTimeout: true,
  keepOnWatchdog: false,
  keepOnPlatformEvent: false,
});

const devices: ReadonlyMap<number, BootDevice['device']> = new Map([
  [bootSelector.none, 'none'],
  [bootSelector.pxe, 'pxe'],
  [bootSelector.disk, 'disk'],
  [bootSelector.cdrom, 'cdrom'],
  [bootSelector.biosSetup, 'bios-setup'],
]);

/** Reads the boot flags. IPMI 2.0 §28.13 */
export async function readBootDevice(execute: Execute): Promise<BootDevice> {
  const parameter = bootParameter.bootFlags;
  const reply = await execute(getBootOptions, { parameter, setSelector: 0, blockSelector: 0 });
  if (reply.parameter !== parameter)
    throw new IpmiError(
      'bad-reply',
      `the BMC answered with boot parameter ${reply.parameter}, not ${parameter}`,
    );
  const flags = readReply(getBootOptions.name, decodeBootFlags, reply.value);
  return {
    device: devices.get(flags.selector) ?? 'other',
    efi: flags.efi,
    persistent: flags.persistent,
    valid: flags.valid && !reply.markedInvalid,
  };
}

/**
 * Sets the boot flags and answers what the BMC kept, which may differ from the wish (docs/quirks.md). Repeating it changes nothing.
 * IPMI 2.0 §28.12
 */
export async function writeBootDevice(execute: Execute, wish: BootWish): Promise<BootDevice> {
  const flags: BootFlags = {
    valid: true,
    persistent: wish.persistent,
    efi: wish.efi,
    selector: bootSelector[wish.device],
  };
  const setProgress = (value: number): Promise<boolean> =>
    tolerate(setParameter(execute, bootParameter.setInProgress, Uint8Array.of(value)));
  const locked = await setProgress(setInProgressValue.inProgress);
  try {
    // Tells the BMC that the BIOS has handled the flags of the last boot; some boards keep old flags without it, some refuse it.
    const handled = encodeBootInfoAcknowledge({ mask: bootInitiator.bios, handled: bootInitiator.bios });
    await tolerate(setParameter(execute, bootParameter.bootInfoAcknowledge, handled));
    if (wish.keepUntilBoot === true)
      await tolerate(setParameter(execute, bootParameter.validBitClearing, untilBoot));
    await setParameter(execute, bootParameter.bootFlags, encodeBootFlags(flags));
    // Boards with rollback throw away what was not committed; those without refuse it.
    if (locked) await setProgress(setInProgressValue.commit);
  } finally {
    if (locked) await setProgress(setInProgressValue.complete);
  }
  return readBootDevice(execute);
}

function setParameter(execute: Execute, parameter: number, value: Uint8Array): Promise<undefined> {
  return execute(setBootOptions, { parameter, markInvalid: false, value });
}

/** True when the BMC took it, false when it refused; parameters 0 and 4 are optional on many boards. Other errors go on. */
async function tolerate(work: Promise<undefined>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof IpmiError && error.code === 'command-failed') return false;
    throw error;
  }
}
