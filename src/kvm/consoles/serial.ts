import type { StreamTarget } from '../../net/shell.ts';
import type { VmInstance } from '../model.ts';
import { reachable } from '../reachable.ts';
import { isRunning } from '../usb/live.ts';

/** How the first serial port of a VM is reached: by libvirt, which keeps others off it, or at a port of its host. */
export type SerialWay =
  | { readonly kind: 'libvirt' }
  | { readonly kind: 'tcp'; readonly target: StreamTarget }
  | { readonly kind: 'none'; readonly text: string };

/** For people, of a VM that has no consoles now. */
export function notRunning({ name, state }: VmInstance): string {
  return `VM ${name} is ${state}: its consoles are there while it runs; start it, or wait until it is started`;
}

/** The way as the last look at the host has it; `none` says what to do. */
export function serialWayOf(vm: VmInstance): SerialWay {
  const { name, domain } = vm;
  if (!isRunning(vm)) return { kind: 'none', text: notRunning(vm) };
  const serial = domain?.serial;
  if (serial === undefined) {
    const text = `VM ${name} has no serial port; add <serial type="pty"/> to its definition and restart it`;
    return { kind: 'none', text };
  }
  if (serial.kind === 'pty' || (serial.kind === 'unix' && serial.source !== undefined)) {
    return { kind: 'libvirt' };
  }
  const target = serial.kind === 'tcp' ? tcpTargetOf(serial.source) : undefined;
  if (target !== undefined) return { kind: 'tcp', target };
  return {
    kind: 'none',
    text: `the serial port of VM ${name} is of kind ${serial.kind} and nobody can connect to it; make it <serial type="pty"/> and restart the VM`,
  };
}

/** Of `address:port`, where an IPv6 address has colons of its own. */
function tcpTargetOf(source: string | undefined): StreamTarget | undefined {
  const parts = /^(.*):(\d+)$/.exec(source ?? '');
  return parts === null ? undefined : { host: reachable(parts[1]), port: Number(parts[2]) };
}
