interface Hint {
  readonly when: RegExp;
  readonly text: string;
}

/** What libvirt, QEMU and the kernel say, and what to do about it. They have no codes: their words are all there is. */
const hints: readonly Hint[] = [
  {
    when: /INTx.*(?:busy|Device or resource)|(?:busy|Device or resource).*INTx|failed to setup INTx/i,
    text: 'the device shares its legacy interrupt line with another device of the host: unbind the driver of that one (see /proc/interrupts), try another slot, or switch the option ROM and legacy interrupts off in the guest',
  },
  {
    when: /group.*not viable|ensure all devices within the iommu_group/is,
    text: 'another device of the same IOMMU group still has a driver of the host',
  },
  {
    when: /host doesn't support .*passthrough|no available IOMMU|VFIO is not supported|failed to open \/dev\/vfio/i,
    text: 'the kernel offers no IOMMU to vfio: check that it is on in firmware and that the IOMMU status of the host is Active',
  },
  {
    when: /allow_unsafe_interrupts|interrupt remapping|failed to set iommu for container/i,
    text: 'the machine cannot remap interrupts: switch interrupt remapping (VT-d, x2APIC) on in firmware',
  },
  {
    when: /(?:limit|set).{0,40}locked memory|VFIO_MAP_DMA.*Cannot allocate|failed to setup container.*Cannot allocate|RLIMIT_MEMLOCK/is,
    text: 'all memory of the VM must be locked for a passed-through device: raise the memory lock limit (<memtune><hard_limit>) or free memory on the host',
  },
  {
    when: /unable to reset PCI|cannot reset device|not doing bus reset|no FLR, PM reset or bus reset/i,
    text: 'the device cannot be reset by itself: give all devices behind the same bridge to the VM, or power the host off and on',
  },
  {
    when: /(?:PCI driver|stub) module vfio|modprobe.*vfio|module vfio.pci not found|vfio-pci.*not found/i,
    text: 'the kernel module vfio-pci could not be loaded: install the kernel’s extra modules package and run modprobe vfio-pci',
  },
  {
    when: /no more available PCI slots|does not support hotplugging/i,
    text: 'the VM has no free PCIe port: stop it and attach again, or add <controller type="pci" model="pcie-root-port"/> to its definition',
  },
  {
    when: /in use by driver|already in use|is not assignable/i,
    text: 'libvirt says that another domain or a user has it: detach it there first',
  },
  {
    when: /failed to connect to the hypervisor|Disconnected from|end of file while reading/i,
    text: 'libvirtd does not answer: start it and reconnect the host',
  },
];

/** The last words of a command and, for known ones, what to do; `mates` are the other devices of the IOMMU group. */
export function explainFailure(output: string, mates: readonly string[]): string {
  const said = output
    .split('\n')
    .map((line) => line.trim().replace(/^error:\s*/, ''))
    .filter((line) => line !== '' && !/^Failed to (?:attach|detach) device from/.test(line))
    .join('; ')
    .slice(-600);
  const hint = hints.find(({ when }) => when.test(output));
  if (hint === undefined) return said === '' ? 'the command said nothing' : said;
  const group =
    /IOMMU group/.test(hint.text) && mates.length > 0 ? ` (the group has ${mates.join(', ')})` : '';
  return `${said}. ${hint.text}${group}`;
}
