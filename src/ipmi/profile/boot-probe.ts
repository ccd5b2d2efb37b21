import { readBootDevice, writeBootDevice } from '../boot-device.ts';
import { decodeBootFlags } from '../commands/chassis/boot-flags.ts';
import { getBootOptions, type GetBootOptionsReply } from '../commands/chassis/get-boot-options.ts';
import { bootParameter, setBootOptions } from '../commands/chassis/set-boot-options.ts';
import { type Execute, readReply } from '../execute.ts';
import type { BmcSession } from '../link.ts';
import { IpmiError } from '../types.ts';
import type { BootFlagProfile } from './profile.ts';

/** The outcome of a trial, or why there was none. */
export type BootProbe =
  | { readonly kind: 'tried'; readonly result: BootFlagProfile }
  | { readonly kind: 'skipped'; readonly why: string };

const trial = { device: 'pxe', efi: true, persistent: false } as const;

/** For a trial that could not be undone. */
export const notRestoredText =
  'the boot flag could not be put back: the machine may boot from the network once';

const readFlags = (execute: Execute): Promise<GetBootOptionsReply> =>
  execute(getBootOptions, { parameter: bootParameter.bootFlags, setSelector: 0, blockSelector: 0 });

/**
 * Sets "network boot, EFI, once", reads it back, and puts back what was there. Nothing is tried while flags wait for a boot. `reopen` logs
 * in anew when the session is lost between the two. Rejects with IpmiError when flags can't be read or set.
 */
export function probeBootFlags(session: BmcSession, reopen: () => Promise<BmcSession>): Promise<BootProbe> {
  return session.exclusively(async (execute) => {
    const before = await readFlags(execute);
    const flags = readReply(getBootOptions.name, decodeBootFlags, before.value);
    if (flags.valid && !before.markedInvalid)
      return { kind: 'skipped', why: 'boot flags wait for the next boot, so none were tried' };
    const putBack = (): Promise<boolean> => restore(execute, before).catch(() => restoreAnew(reopen, before));
    const kept = await writeBootDevice(execute, trial).catch(async (error: unknown) => {
      if ((await putBack()) || !(error instanceof IpmiError)) throw error;
      throw new IpmiError(error.code, `${error.message}; ${notRestoredText}`, { cause: error });
    });
    const restored = await putBack();
    const result = {
      keepsPxe: kept.device === 'pxe' && !kept.persistent,
      keepsEfi: kept.efi,
      marksValid: kept.valid,
      restored,
    };
    return { kind: 'tried', result };
  });
}

/** True when no flags are valid afterwards, as it was before. */
async function restore(execute: Execute, before: GetBootOptionsReply): Promise<boolean> {
  const { value, markedInvalid } = before;
  await execute(setBootOptions, { parameter: bootParameter.bootFlags, markInvalid: markedInvalid, value });
  return !(await readBootDevice(execute)).valid;
}

async function restoreAnew(reopen: () => Promise<BmcSession>, before: GetBootOptionsReply): Promise<boolean> {
  try {
    const session = await reopen();
    try {
      return await session.exclusively((execute) => restore(execute, before));
    } finally {
      await session.close();
    }
  } catch {
    return false;
  }
}
