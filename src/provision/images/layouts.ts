/** A kernel and its initrd, paths inside an install source. */
export interface BootPair {
  readonly kernel: string;
  readonly initrd: string;
}

/** Where installers keep them, in order of preference. */
export const knownLayouts: readonly BootPair[] = [
  // Fedora, Red Hat Enterprise Linux and what is built from it.
  { kernel: 'images/pxeboot/vmlinuz', initrd: 'images/pxeboot/initrd.img' },
  // Ubuntu.
  { kernel: 'casper/vmlinuz', initrd: 'casper/initrd' },
  { kernel: 'casper/vmlinuz', initrd: 'casper/initrd.gz' },
  { kernel: 'casper/vmlinuz', initrd: 'casper/initrd.lz' },
  // Debian.
  { kernel: 'install.amd/vmlinuz', initrd: 'install.amd/initrd.gz' },
  { kernel: 'install.a64/vmlinuz', initrd: 'install.a64/initrd.gz' },
  // SUSE.
  { kernel: 'boot/x86_64/loader/linux', initrd: 'boot/x86_64/loader/initrd' },
  { kernel: 'boot/aarch64/linux', initrd: 'boot/aarch64/initrd' },
  { kernel: 'isolinux/vmlinuz', initrd: 'isolinux/initrd.img' },
];

/** Files that say where kernel and initrd are. */
export const treeInfoNames = ['.treeinfo', 'treeinfo'] as const;

/**
 * Reads kernel and initrd from the text of a `.treeinfo` (productmd): section `images-<arch>` of the architecture that `general` or
 * `tree` names, else of the first one that has both. Undefined when it has none, or names odd paths.
 */
export function readTreeInfo(text: string): BootPair | undefined {
  const sections = new Map<string, Map<string, string>>();
  let section = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const head = /^\[([^\]]+)\]\s*$/.exec(line);
    if (head?.[1] !== undefined) {
      section = new Map();
      sections.set(head[1], section);
      continue;
    }
    const pair = /^([\w.-]+)\s*[=:]\s*(.*?)\s*$/.exec(line);
    if (pair?.[1] !== undefined && pair[2] !== undefined) section.set(pair[1], pair[2]);
  }
  const arch = sections.get('general')?.get('arch') ?? sections.get('tree')?.get('arch');
  const names = [`images-${arch}`, ...[...sections.keys()].filter((name) => name.startsWith('images-'))];
  for (const name of names) {
    const kernel = sections.get(name)?.get('kernel');
    const initrd = sections.get(name)?.get('initrd');
    if (kernel === undefined || initrd === undefined) continue;
    if (isInnerPath(kernel) && isInnerPath(initrd)) return { kernel, initrd };
  }
  return undefined;
}

/** True for a relative path that stays inside: clean segments, no `..`. */
export function isInnerPath(path: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (path.length > 1024 || /[\\\u0000-\u001f\u007f]/.test(path)) return false;
  return path.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..');
}
