import type { Mac } from '../../base/mac.ts';
import type { Uuid } from '../../base/uuid.ts';
import { escapeXml as e } from './escape.ts';

/** What a new VM is made of. Paths are of the host, sizes in bytes. */
export interface DomainPlan {
  readonly uuid: Uuid;
  readonly name: string;
  readonly description: string | undefined;
  readonly cpuNum: number;
  readonly memorySize: number;
  /** The host has /dev/kvm. */
  readonly accelerated: boolean;
  /** Windows has no virtio drivers of its own and keeps local time. */
  readonly platform: string | undefined;
  readonly rootDisk: string;
  readonly iso: string | undefined;
  readonly nics: readonly { readonly mac: Mac; readonly bridge: string }[];
  readonly instanceOfferingUuid: Uuid;
  readonly imageUuid: Uuid;
}

/** The metadata of our own in a domain. */
export const metadataNamespace = 'urn:rackwright:domain:1';

/** A uuid as libvirt writes it. */
export function dashed(uuid: Uuid): string {
  return uuid.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Our metadata element; its prefix is declared on it unless libvirt does that (`virsh metadata`). */
export function renderMetadata(
  facts: { readonly instanceOfferingUuid: Uuid; readonly imageUuid: Uuid | undefined },
  prefix: 'rackwright' | undefined,
): string {
  const tag = prefix === undefined ? 'domain' : `${prefix}:domain xmlns:${prefix}="${metadataNamespace}"`;
  const image = facts.imageUuid === undefined ? '' : ` image="${e(facts.imageUuid)}"`;
  return `<${tag} ours="true" offering="${e(facts.instanceOfferingUuid)}"${image}/>`;
}

/** A CD-ROM drive; empty without a source. */
export function renderCdrom(target: string, source: string | undefined): string {
  return [
    '<disk type="file" device="cdrom">',
    '<driver name="qemu" type="raw"/>',
    ...(source === undefined ? [] : [`<source file="${e(source)}"/>`]),
    `<target dev="${e(target)}" bus="sata"/>`,
    '<readonly/>',
    '</disk>',
  ].join('');
}

/**
 * libvirt leaves a q35 machine one free port or none. What is given to a running VM needs one each; conventional PCI devices go
 * behind the bridge, which must be there beforehand.
 */
const pciSlots = [
  '<controller type="pci" model="pcie-root"/>',
  ...Array.from({ length: 14 }, () => '<controller type="pci" model="pcie-root-port"/>'),
  '<controller type="pci" model="pcie-to-pci-bridge"/>',
];

/** The definition of a new VM, for `virsh define`. The same plan gives the same text. */
export function renderDomain(plan: DomainPlan): string {
  const windows = /^windows/i.test(plan.platform ?? '');
  const disk = windows ? { dev: 'sdb', bus: 'sata' } : { dev: 'vda', bus: 'virtio' };
  const lines = [
    `<domain type="${plan.accelerated ? 'kvm' : 'qemu'}">`,
    `<name>${dashed(plan.uuid)}</name>`,
    `<uuid>${dashed(plan.uuid)}</uuid>`,
    `<title>${e(plan.name)}</title>`,
    ...(plan.description === undefined ? [] : [`<description>${e(plan.description)}</description>`]),
    `<metadata>${renderMetadata(plan, 'rackwright')}</metadata>`,
    `<memory unit="b">${plan.memorySize}</memory>`,
    `<vcpu>${plan.cpuNum}</vcpu>`,
    '<os><type arch="x86_64" machine="q35">hvm</type><boot dev="cdrom"/><boot dev="hd"/></os>',
    '<features><acpi/><apic/></features>',
    // The guest gets what the CPU can; an emulated one gets what QEMU can, for new systems do not run on its default.
    `<cpu mode="${plan.accelerated ? 'host-passthrough' : 'maximum'}"/>`,
    `<clock offset="${windows ? 'localtime' : 'utc'}"/>`,
    '<on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash>',
    '<devices>',
    '<disk type="file" device="disk">',
    '<driver name="qemu" type="qcow2"/>',
    `<source file="${e(plan.rootDisk)}"/>`,
    `<target dev="${disk.dev}" bus="${disk.bus}"/>`,
    '</disk>',
    renderCdrom('sda', plan.iso),
    '<controller type="usb" index="0" model="qemu-xhci"/>',
    ...pciSlots,
    '<controller type="virtio-serial" index="0"/>',
    ...plan.nics.flatMap((nic) => [
      '<interface type="bridge">',
      `<mac address="${e(nic.mac)}"/>`,
      `<source bridge="${e(nic.bridge)}"/>`,
      `<model type="${windows ? 'e1000e' : 'virtio'}"/>`,
      '</interface>',
    ]),
    '<graphics type="vnc" autoport="yes" listen="127.0.0.1"/>',
    '<video><model type="vga"/></video>',
    '<input type="tablet" bus="usb"/>',
    '<serial type="pty"/>',
    '<console type="pty"/>',
    '<channel type="unix"><target type="virtio" name="org.qemu.guest_agent.0"/></channel>',
    '<memballoon model="virtio"/>',
    '<rng model="virtio"><backend model="random">/dev/urandom</backend></rng>',
    '</devices>',
    '</domain>',
  ];
  return `${lines.join('\n')}\n`;
}
