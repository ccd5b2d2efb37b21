import { createHash } from 'node:crypto';
import type { CommandResult, HostShell } from '../../net/shell.ts';
import { IommuError } from '../errors.ts';
import type { BootEdit, BootPlan } from './boot-plan.ts';
import { writeScript } from './write-script.ts';

/** What was done on the host. */
interface BootWritten {
  /** The old files, beside the new ones. */
  readonly backups: readonly string[];
}

/** Making a boot menu asks all disks for systems. */
const timeoutMs = 300_000;

/**
 * Writes what a plan says, file by file, and runs its tool; when a step fails, the files before it are put back. `stamp` names the
 * backups. Rejects with IommuError `conflict` when a file is not what it was planned for, `command-failed` (data.restored says whether
 * everything is as it was); with what the shell rejects with when the connection is lost, and then it is not known what was done.
 */
export async function writeBootChange(
  shell: HostShell,
  plan: BootPlan,
  options: { readonly stamp: string; readonly root?: string },
): Promise<BootWritten> {
  if (plan.tool === 'grubby') {
    await grubby(shell, plan);
    return { backups: [] };
  }
  const backups: string[] = [];
  const done: BootEdit[] = [];
  for (const edit of plan.edits) {
    const result = await writeFile(shell, edit, plan, options);
    if (result.exitCode !== 0) {
      const restored = await putBack(shell, done.toReversed(), options);
      throw failure(edit, result, restored);
    }
    backups.push(result.stdout.trim());
    done.push(edit);
  }
  return { backups };
}

function writeFile(
  shell: HostShell,
  edit: BootEdit,
  plan: Pick<BootPlan, 'tool' | 'change'>,
  { stamp, root = '' }: { readonly stamp: string; readonly root?: string },
): Promise<CommandResult> {
  const tool = plan.tool ?? 'none';
  // Proxmox mounts its boot partitions only while it writes them: nobody can look there afterwards.
  const words = plan.tool === undefined || plan.tool === 'proxmox-boot-tool' ? [] : plan.change.add;
  const args = [root, edit.path, sha256(edit.before), sha256(edit.after), stamp, tool, ...words];
  return shell.run(['sh', '-c', writeScript, 'sh', ...args], { input: edit.after, timeoutMs });
}

async function putBack(
  shell: HostShell,
  edits: readonly BootEdit[],
  options: { readonly stamp: string; readonly root?: string },
): Promise<boolean> {
  let all = true;
  for (const { path, before, after } of edits) {
    const back = { path, before: after, after: before };
    const stamp = `${options.stamp}-undone`;
    const result = await writeFile(
      shell,
      back,
      { tool: undefined, change: { add: [], remove: [] } },
      { ...options, stamp },
    );
    all &&= result.exitCode === 0;
  }
  return all;
}

function failure(edit: BootEdit, result: CommandResult, othersRestored: boolean): IommuError {
  const said = result.stderr.trim().slice(-1500);
  const restored =
    othersRestored && (result.exitCode === 10 || result.exitCode === 11 || result.exitCode === 20);
  if (result.exitCode === 10) {
    return new IommuError(
      'conflict',
      `nothing was written: ${said}. Wait until nobody changes it, then try again; a file with bytes that are no UTF-8 has to be edited by hand`,
      { data: { path: edit.path, restored } },
    );
  }
  const state = restored
    ? 'everything is as it was'
    : 'the boot loader may not be as it was: look at it before you reboot the host';
  return new IommuError('command-failed', `the boot loader was not changed, ${state}: ${said}`, {
    data: { path: edit.path, restored },
  });
}

async function grubby(shell: HostShell, { change }: BootPlan): Promise<void> {
  const args = [
    ...(change.add.length > 0 ? [`--args=${change.add.join(' ')}`] : []),
    ...(change.remove.length > 0 ? [`--remove-args=${change.remove.join(' ')}`] : []),
  ];
  const result = await shell.run(['env', 'LC_ALL=C', 'grubby', '--update-kernel=ALL', ...args], {
    timeoutMs,
  });
  if (result.exitCode === 0) return;
  throw new IommuError(
    'command-failed',
    `grubby did not change the boot entries: ${result.stderr.trim().slice(-1500)}. Look at them with grubby --info=ALL`,
    { data: { restored: false } },
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
