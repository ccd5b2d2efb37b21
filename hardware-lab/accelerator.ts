import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess, waitFor } from './processes.ts';
import { type Accelerator, type LabFirmware, ovmfPath } from './qemu-command.ts';

/**
 * The last words of each firmware on a machine without a disk, and how long real KVM may take to them: it needs 0.3 and 2 s. Slower
 * means that the hypervisor below emulates us, which is tens of times slower than QEMU's own emulation, and fails sooner or later.
 */
const proofs = {
  bios: { arguments: [], text: 'No bootable device', ms: 1500 },
  uefi: { arguments: ['-bios', ovmfPath], text: 'EFI Internal Shell', ms: 5000 },
} as const;

async function boots(firmware: LabFirmware): Promise<boolean> {
  const proof = proofs[firmware];
  const folder = mkdtempSync(join(tmpdir(), 'rackwright-kvm-'));
  const serial = join(folder, 'serial.log');
  const machine = ['-machine', 'pc,graphics=off', '-accel', 'kvm', '-m', '256', '-display', 'none'];
  const port = ['-chardev', `file,id=s,path=${serial}`, '-serial', 'chardev:s'];
  const probe = await startProcess(
    'qemu-system-x86_64',
    [...machine, '-no-user-config', '-nodefaults', ...port, ...proof.arguments],
    { logFile: join(folder, 'qemu.log') },
  );
  try {
    await waitFor('firmware under KVM', proof.ms, () => {
      if (!probe.isRunning()) throw new Error('QEMU gave up');
      return existsSync(serial) && readFileSync(serial, 'latin1').includes(proof.text) ? true : undefined;
    });
    return true;
  } catch {
    return false;
  } finally {
    await probe.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * `kvm` when it really boots the wanted firmwares here, and fast, else `tcg`: /dev/kvm may exist where it cannot run real mode.
 * Takes 6.5 s at most; `note` says why in one sentence.
 */
export async function chooseAccelerator(
  firmwares: readonly LabFirmware[],
): Promise<{ readonly accelerator: Accelerator; readonly note: string }> {
  if (!existsSync('/dev/kvm')) {
    return { accelerator: 'tcg', note: 'there is no /dev/kvm: machines are emulated (tcg)' };
  }
  const works = (await boots('bios')) && (!firmwares.includes('uefi') || (await boots('uefi')));
  return works
    ? { accelerator: 'kvm', note: 'KVM boots firmware here' }
    : {
        accelerator: 'tcg',
        note: '/dev/kvm does not boot firmware in good time: machines are emulated (tcg)',
      };
}
