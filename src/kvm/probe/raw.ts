/**
 * One look at a host: the texts that one script on it printed, by section, unread. A section is missing when its program or file is.
 * Every text is what a host says: it may be wrong or hostile. It is never cut: a look that was cut off is no look.
 */
export interface RawProbe {
  readonly sections: ReadonlyMap<ProbeSection, string>;
  /** The last words of sections whose program failed. */
  readonly failures?: ReadonlyMap<ProbeSection, string>;
  /** What libvirt has; missing when it did not answer, which is not the same as none. */
  readonly domains?: readonly RawDomain[];
  /** By this machine's clock, ms since the epoch. */
  readonly time: number;
}

/** One libvirt domain, unread. */
export interface RawDomain {
  /** As virsh prints it, with dashes. */
  readonly uuid: string;
  readonly persistent: boolean;
  /** What `virsh domstate` said; empty when the domain went away meanwhile. */
  readonly state: string;
  /** `virsh dumpxml`: the running domain, or the definition when it does not run. */
  readonly xml: string;
  /** `virsh dumpxml --inactive`: what the next start has; empty for a transient domain. */
  readonly inactiveXml: string;
}

/**
 * What a look brings; docs/kvm.md says which command each comes from. `*-sysfs` sections hold lines of two forms: `path:value` of a
 * small file, and `ls -l` lines `... path -> target` of a link; paths begin with `sys/`.
 */
export const probeSections = [
  'os-release',
  'uname',
  'hostname',
  'cpuinfo',
  'meminfo',
  'boot-time',
  'dmi',
  'versions',
  'ovs-bridges',
  'kvm',
  'cmdline',
  'console',
  'iommu-class',
  'iommu-groups',
  'boot-loader',
  'boot-programs',
  'lspci',
  'pci-serials',
  'pci-sysfs',
  'usb-sysfs',
  'block-sysfs',
  'net-sysfs',
  'mounts',
  'zpools',
  'addresses',
  'routes',
  'domains',
] as const;
export type ProbeSection = (typeof probeSections)[number];
