import type { StreamTarget } from '../../net/shell.ts';
import { KvmError } from '../errors.ts';
import type { DomainDetails, VmInstance } from '../model.ts';
import { graphicsOf } from '../parse/domain-devices.ts';
import { reachable } from '../reachable.ts';
import { isRunning } from '../usb/live.ts';
import { childOf, childrenOf, parseXml } from '../xml.ts';

/** A VNC server of a host, and what it asks for. */
export interface VncServer {
  readonly target: StreamTarget;
  readonly password: string | undefined;
}

/** Where a VNC screen listens; undefined for other kinds and for one without a port (libvirt writes -1 until it has one). */
function targetOf({
  kind,
  socket,
  port,
  listen,
}: DomainDetails['graphics'][number]): StreamTarget | undefined {
  if (kind !== 'vnc') return undefined;
  if (socket !== undefined) return { socketPath: socket };
  return port === undefined ? undefined : { host: reachable(listen), port };
}

/** Whether the last look at the host found a VNC screen. */
export function hasVnc(vm: VmInstance): boolean {
  return isRunning(vm) && (vm.domain?.graphics.some((one) => targetOf(one) !== undefined) ?? false);
}

/**
 * The VNC screen of a running domain's definition with its secrets (`dumpxml --security-info`). Throws KvmError: `refused` without one,
 * with what to do.
 */
export function vncOf(name: string, xml: string): VncServer {
  const elements = childrenOf(childOf(parseXml(xml), 'devices'), 'graphics');
  for (const element of elements) {
    const target = graphicsOf(element).map(targetOf)[0];
    const password = element.attributes.get('passwd');
    if (target !== undefined) return { target, password: password === '' ? undefined : password };
  }
  const hasSpice = elements.some((element) => element.attributes.get('type') === 'spice');
  throw new KvmError(
    'refused',
    hasSpice
      ? `VM ${name} shows its screen by SPICE only; add <graphics type="vnc" autoport="yes"/> to its definition and restart it, or use a SPICE viewer`
      : `VM ${name} has no VNC screen; add <graphics type="vnc" autoport="yes"/> to its definition and restart it`,
  );
}
