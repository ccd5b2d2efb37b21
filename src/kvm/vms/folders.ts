import type { Uuid } from '../../base/uuid.ts';
import { KvmError } from '../errors.ts';
import { failure } from '../virsh.ts';
import type { HostHands } from './context.ts';

const root = '/var/lib/rackwright';

/** What a VM of ours keeps on its host. */
export function vmFolder(uuid: Uuid): string {
  return `${root}/vms/${checked(uuid)}`;
}

/** Where the sockets of a VM's USB redirect channels are. */
export function redirectFolder(uuid: Uuid): string {
  return `${root}/usb/${checked(uuid)}`;
}

/** A uuid comes from the database, and what is made of it is deleted as root: it is read once more here. */
function checked(uuid: Uuid): string {
  if (!/^[0-9a-f]{32}$/.test(uuid)) throw new KvmError('invalid-argument', 'a uuid has 32 hex digits');
  return uuid;
}

/** Makes a folder below ours. QEMU runs as its own user and must get through to its disks. */
export async function makeFolder(hands: HostHands, folder: string, mode: '0711' | '0700'): Promise<void> {
  const parent = folder.slice(0, folder.lastIndexOf('/'));
  const made = await hands.run(['install', '-d', '-m', '0711', '--', root, parent]);
  if (made.exitCode !== 0) throw failure(`making ${parent}`, made);
  const last = await hands.run(['install', '-d', '-m', mode, '--', folder]);
  if (last.exitCode !== 0) throw failure(`making ${folder}`, last);
}

/** Removes all folders of a VM of ours, with its disks; gone already is a success. */
export async function removeFolders(hands: HostHands, uuid: Uuid): Promise<void> {
  const folders = [vmFolder(uuid), redirectFolder(uuid)];
  const removed = await hands.run(['rm', '-rf', '--one-file-system', '--', ...folders]);
  if (removed.exitCode !== 0) throw failure(`removing ${folders.join(' and ')}`, removed);
}
