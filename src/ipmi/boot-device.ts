import {
  bootSelector,
  type BootFlags,
  decodeBootFlags,
  encodeBootFlags,
} from './commands/chassis/boot-flags.ts';
import { getBootOptions } from './commands/chassis/get-boot-options.ts';
import { bootParameter, setBootOptions } from './commands/chassis/set-boot-options.ts';
import { type Execute, readReply } from './execute.ts';
import { type BootDevice, IpmiError } from './types.ts';

/** What a caller may wish. */
export interface BootWish {
  readonly device: 'pxe' | 'disk' | 'none';
  readonly efi: boolean;
  readonly persistent: boolean;
}

const setComplete = 0;
const setInProgress = 1;

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
  const locked = await tolerate(
    setParameter(execute, bootParameter.setInProgress, Uint8Array.of(setInProgress)),
  );
  try {
    // Tells the BMC that the BIOS has handled the flags of the last boot; some boards keep old flags without it, some refuse it.
    await tolerate(setParameter(execute, bootParameter.bootInfoAcknowledge, Uint8Array.of(0x01, 0x01)));
    await setParameter(execute, bootParameter.bootFlags, encodeBootFlags(flags));
  } finally {
    if (locked)
      await tolerate(setParameter(execute, bootParameter.setInProgress, Uint8Array.of(setComplete)));
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
