/** The ROM of a PCI device given to a VM, as its hostdev element says it. */
export type PciRom = { readonly bar: 'off' } | { readonly file: string };

/**
 * What the VM's tag `pciRom` means: `off` hides the device's own ROM, an absolute path of the host replaces it; anything else, or no
 * tag, leaves the device as it is.
 */
export function romOf(tag: string | undefined): PciRom | undefined {
  if (tag === 'off') return { bar: 'off' };
  return tag !== undefined && /^\/[^\p{Cc}]*$/u.test(tag) ? { file: tag } : undefined;
}
