import type { RawProbe } from '../../kvm/index.ts';

/** What a look at a host says of its boot loader. Paths are absolute. */
export interface BootSources {
  /** Text files with their content; each ends with a line break, whatever the file does. */
  readonly files: ReadonlyMap<string, string>;
  /** Other files that are there. */
  readonly present: ReadonlySet<string>;
  readonly programs: ReadonlySet<string>;
  /** What the running kernel was started by, as far as its command line shows it. */
  readonly bootedBy: 'grub' | 'systemd-boot' | undefined;
}

/** A file that the look prints: a name with a colon or a line break in it is none of ours. */
const line = /^((?:etc|boot|efi)\/[\w./@+-]+):(.*)$/s;

/** Reads the boot loader's sections of a look: `path:line` for each line of a file, `present:path` for each other file. */
export function readBootSources(probe: RawProbe): BootSources {
  const lines = new Map<string, string[]>();
  const present = new Set<string>();
  for (const text of (probe.sections.get('boot-loader') ?? '').split('\n')) {
    if (text.startsWith('present:')) {
      present.add(`/${text.slice('present:'.length)}`);
      continue;
    }
    const [, path, content] = line.exec(text) ?? [];
    if (path === undefined || content === undefined) continue;
    const known = lines.get(`/${path}`);
    if (known === undefined) lines.set(`/${path}`, [content]);
    else known.push(content);
  }
  return {
    files: new Map([...lines].map(([path, content]) => [path, `${content.join('\n')}\n`])),
    present,
    programs: new Set((probe.sections.get('boot-programs') ?? '').split('\n').filter((name) => name !== '')),
    bootedBy: bootedBy(probe.sections.get('cmdline') ?? ''),
  };
}

/** GRUB gives the kernel its own name, systemd-boot the initrd in EFI's spelling. */
function bootedBy(commandLine: string): BootSources['bootedBy'] {
  if (/(?:^|\s)BOOT_IMAGE=/.test(commandLine)) return 'grub';
  return /(?:^|\s)initrd=\\/.test(commandLine) ? 'systemd-boot' : undefined;
}
