/** What a known text on a machine's console means. */
interface ConsoleSign {
  readonly text: RegExp;
  /** The cause and the next thing to do, as the end of a sentence. */
  readonly means: string;
}

/**
 * Known faults by what firmware, loaders and kernels print. PXE-E numbers: PXE 2.1 appendix, and those of UEFI, which has fewer of them.
 */
const signs = {
  'PXE-E61': {
    text: /PXE-E61\b/,
    means: 'the NIC that boots has no link: check its cable and the switch port, or boot from another NIC',
  },
  'PXE-E12': {
    text: /PXE-E12\b/,
    means: 'the NIC that boots has no link: check its cable and the switch port, or boot from another NIC',
  },
  'PXE-E51': {
    text: /PXE-E51\b/,
    means:
      'the firmware got no DHCP offer: check that this NIC is on the segment of the PXE server and that the switch port forwards at once (spanning tree edge port)',
  },
  'PXE-E16': {
    text: /PXE-E16\b/,
    means:
      'the firmware got no DHCP offer that names a boot file: check that this NIC is on the segment of the PXE server, and that no other DHCP server answers it first',
  },
  'PXE-E53': {
    text: /PXE-E53\b/,
    means:
      'the firmware got an address without a boot file, so another DHCP server answered: keep that one off the segment, or set dhcpMode of the PXE server to proxy',
  },
  'PXE-E55': {
    text: /PXE-E55\b/,
    means: 'the boot server did not answer on UDP port 4011: open that port between machine and PXE server',
  },
  'tftp-timeout': {
    text: /PXE-E3[25]\b/,
    means: 'TFTP got no answer: open UDP port 69 and the high ports behind it between machine and PXE server',
  },
  'PXE-E18': {
    text: /PXE-E18\b/,
    means:
      'the boot server did not answer: open UDP ports 69 and 4011 and the high ports behind them between machine and PXE server',
  },
  'tftp-error': {
    text: /PXE-(?:E23|E36|E3B|T01)\b/,
    means:
      'the boot server refused the file: another server was asked, or the loader is missing there; look at the boot file names in the timeline',
  },
  'secure-boot': {
    text: /Secure ?Boot violation|Security Violation|rejected probably by Secure Boot|Invalid signature detected/i,
    means: 'the firmware refuses an unsigned loader: switch Secure Boot off in the firmware setup',
  },
  'ipxe-no-such-file': {
    text: /No such file or directory \(https?:\/\/ipxe\.org\//i,
    means:
      'iPXE asked for a file that is not given out any more: the run has ended or the machine runs an old script; provision again',
  },
  'ipxe-timeout': {
    text: /timed out \(https?:\/\/ipxe\.org\//i,
    means: 'iPXE cannot reach the boot server: open TCP to the boot port between machine and PXE server',
  },
  'ipxe-refused': {
    text: /Permission denied \(https?:\/\/ipxe\.org\//i,
    means:
      'the boot server refused iPXE: the machine used another address than the one that it leased; look at the refusals in the timeline',
  },
  'ipxe-no-network': {
    text: /No configuration methods succeeded|Link status: Down/i,
    means:
      'iPXE got no address or has no link: check the cable, and that the switch port forwards at once (spanning tree edge port)',
  },
  'ipxe-exec-format': {
    text: /Exec format error \(https?:\/\/ipxe\.org\//i,
    means: 'the kernel is none for this firmware or processor: choose an image that fits the machine',
  },
  'out-of-memory': {
    text: /Out of memory|not enough memory|No space left on device \(https?:\/\/ipxe\.org\//i,
    means: 'the machine has too little memory for this image: give it more, or choose a smaller image',
  },
  'no-root': {
    text: /VFS: Unable to mount root fs/,
    means: 'the kernel had no initrd that it could read: check that kernel and initrd belong together',
  },
  'kernel-panic': {
    text: /Kernel panic - not syncing/,
    means:
      'the kernel stopped: read the lines before it; the usual causes are an image that does not fit the machine, and failing hardware',
  },
  'kickstart-unreachable': {
    text: /failed to fetch kickstart from/i,
    means:
      'the installer could not read its kickstart: check that its boot NIC is up in the installer and that TCP to the boot port is open',
  },
  'installer-source': {
    text: /Error setting up (?:base repository|repositories|software source)/i,
    means: 'the installer cannot read its install source: check the address of the image or of installer.url',
  },
  'dracut-timeout': {
    text: /dracut-initqueue.{0,40}timeout|Entering emergency mode/i,
    means:
      'the system in the initrd waited in vain for its network or its source: check that its driver for the boot NIC is in the initrd, and the install source',
  },
  'no-bootable-device': {
    text: /No boot(?:able)? (?:device|disk|option)|Reboot and Select proper Boot device|Boot failed: not a bootable disk|Operating System not found/i,
    means:
      'the firmware gave up on the network and found no system on its disks: put network boot first in the firmware setup, and check that it is enabled on the cabled NIC',
  },
} as const satisfies Record<string, ConsoleSign>;

/** A known fault, named as people may search for it. */
export type ConsoleSignName = keyof typeof signs;

/** Less telling than what came before them: they are what a machine says when it gives up. */
const afterwards: ReadonlySet<ConsoleSignName> = new Set(['no-bootable-device', 'dracut-timeout']);

/** UEFI tries both; Rackwright answers IPv4 alone, so that the other always fails. */
const attempt = /Start (?:PXE|HTTP Boot) over IPv(4|6)/i;

/** The newest known fault in lines of a console, the cause rather than what followed from it; undefined when there is none. */
export function findConsoleSign(lines: readonly string[]): ConsoleSignName | undefined {
  let cause: ConsoleSignName | undefined;
  let followed: ConsoleSignName | undefined;
  let overIpv6 = false;
  for (const line of lines) {
    const version = attempt.exec(line)?.[1];
    if (version !== undefined) overIpv6 = version === '6';
    const found = names.find((name) => signs[name].text.test(line));
    if (found === undefined || (overIpv6 && /PXE-/.test(line))) continue;
    if (afterwards.has(found)) followed = found;
    else cause = found;
  }
  return cause ?? followed;
}

const names = Object.keys(signs) as ConsoleSignName[];

/** What a fault means, for people: `its console shows PXE-E53: ...`. A name that this version does not know gives undefined. */
export function consoleSignText(name: string): string | undefined {
  const known = names.find((one) => one === name);
  return known && `its console shows ${shown(known)}: ${signs[known].means}`;
}

const shown = (name: ConsoleSignName): string => (name.startsWith('PXE-') ? name : name.replaceAll('-', ' '));
