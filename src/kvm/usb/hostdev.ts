import type { Uuid } from '../../base/uuid.ts';
import type { HostShell } from '../../net/shell.ts';
import { virshOn } from '../virsh.ts';
import type { UsbAddress } from './live.ts';

/** A host USB device by bus and device number, never by ids: twins have the same. */
export function renderUsbHostdev({ busNum, devNum }: UsbAddress): string {
  return `<hostdev mode='subsystem' type='usb'><source><address bus='${busNum}' device='${devNum}'/></source></hostdev>\n`;
}

/** virsh takes a uuid for a name unless it has its dashes. */
function domainOf(vmUuid: Uuid): string {
  return vmUuid.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/**
 * Plugs a device into a running domain or out of it. Only the running one: by its next start the numbers may mean another device.
 * Rejects with KvmError `command-failed` or `host-disconnected`.
 */
export async function changeLive(
  shell: HostShell,
  libvirtUri: string,
  change: { readonly kind: 'attach' | 'detach'; readonly vmUuid: Uuid; readonly address: UsbAddress },
): Promise<void> {
  await virshOn(shell, libvirtUri).run(
    [`${change.kind}-device`, domainOf(change.vmUuid), '/dev/stdin', '--live'],
    { input: renderUsbHostdev(change.address) },
  );
}
