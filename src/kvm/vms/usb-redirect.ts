import { dashed } from '../render/domain.ts';
import {
  hasOurRedirections,
  redirectChannels,
  type RedirectTransport,
  withRedirections,
} from '../render/redirection.ts';
import type { VmInstance } from '../model.ts';
import type { UsbRedirectState, VmService } from '../service.ts';
import { placeOf } from './reconcile.ts';
import type { VmContext, VmHands } from './context.ts';
import { makeFolder, redirectFolder } from './folders.ts';
import { freePorts } from './free-ports.ts';

/** The tag with the wish. */
export const redirectTag = 'usbRedirect';

async function isWished(context: VmContext, vm: VmInstance): Promise<boolean> {
  return (await context.deps.tags.valueOf(vm.uuid, redirectTag)) === 'true';
}

/** Puts the redirect channels into the definition of a stopped VM, or takes ours out, as its tag says. */
export async function alignRedirections(context: VmContext, hands: VmHands): Promise<void> {
  const { vm, virsh, domain } = hands;
  // The secrets of its graphics are part of the definition and would be lost otherwise.
  const xml = await virsh.run(['dumpxml', domain, '--inactive', '--security-info']);
  const wished = await isWished(context, vm);
  const transport = wished ? await transportOf(context, hands, xml) : undefined;
  const changed = withRedirections(xml, transport);
  // The folder may be gone although the definition is right.
  if (transport?.kind === 'unix') await makeFolder(hands, redirectFolder(vm.uuid), '0700');
  if (changed !== undefined) await virsh.run(['define', '/dev/stdin'], { input: changed });
}

/**
 * libvirt opens the sockets itself and hands them to QEMU, so nobody else needs to enter their folder. AppArmor's profile for QEMU
 * knows no such sockets; there the channels are TCP ports of 127.0.0.1.
 */
async function transportOf(context: VmContext, hands: VmHands, xml: string): Promise<RedirectTransport> {
  if (/^ {4}<graphics type='spice'/m.test(xml)) return { kind: 'spicevmc' };
  const confined = await hands.run(['cat', '/sys/module/apparmor/parameters/enabled']);
  if (confined.stdout.trim() === 'Y') {
    const taken = await context.deps.store.listVmsOf(hands.host.uuid);
    const ports = await freePorts(hands, redirectChannels, taken, context.deps.random);
    return { kind: 'tcp', ports };
  }
  const folder = redirectFolder(hands.vm.uuid);
  return {
    kind: 'unix',
    paths: Array.from({ length: redirectChannels }, (_, number) => `${folder}/${number}.sock`),
  };
}

/** The wish for USB redirect, and whether the running domain agrees with it. */
export function createUsbRedirect(context: VmContext): Pick<VmService, 'usbRedirect' | 'setUsbRedirect'> {
  async function stateOf(vm: VmInstance): Promise<UsbRedirectState> {
    const enable = await isWished(context, vm);
    if (vm.hostUuid === undefined) return { enable, pending: false };
    const place = placeOf(vm);
    if (place === undefined || !context.deps.connections.isConnected(place)) {
      return { enable, pending: enable !== (vm.domain?.redirections.length ?? 0) > 0 };
    }
    const { virsh } = await context.onHost(place, `VM ${vm.name}`);
    const xml = await virsh.run(['dumpxml', dashed(vm.uuid)]);
    return { enable, pending: enable !== hasOurRedirections(xml) };
  }

  return {
    usbRedirect: async (uuid) => await stateOf(await context.get(uuid)),
    setUsbRedirect: (uuid, enable) =>
      context.exclusive(uuid, async (vm) => {
        await context.deps.tags.set('VmInstanceVO', vm.uuid, redirectTag, String(enable));
      }),
  };
}
