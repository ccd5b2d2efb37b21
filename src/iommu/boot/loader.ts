import { assertNever } from '../../base/errors.ts';
import { commandLineWords, entryWords, kernelCommandLinePath } from './command-line-files.ts';
import { type GrubDefaults, grubDefaultsPath, readGrubDefaults } from './grub-defaults.ts';
import { readShellFile } from './shell-assignments.ts';
import type { BootSources } from './sources.ts';

/** Who makes the kernel's command line on a host. */
export type BootLoader =
  /** `/etc/default/grub` and a generator. */
  | { readonly kind: 'grub'; readonly defaults: GrubDefaults & { readonly kind: 'readable' } }
  /** Boot entries that grubby keeps; they may take their options from GRUB's environment. */
  | { readonly kind: 'grubby' }
  /** `/etc/kernel/cmdline`, from which a tool makes the entries. */
  | {
      readonly kind: 'kernel-install';
      readonly path: string;
      readonly tool: 'kernel-install' | 'proxmox-boot-tool';
    }
  /** Entries that nothing but a person makes. */
  | { readonly kind: 'entries'; readonly paths: readonly string[] }
  | { readonly kind: 'unknown'; readonly why: string };

const grubConfigs = /^\/boot\/(?:grub2?|efi\/EFI\/[^/]+)\/grub\.cfg$/;
const entryPath = /^\/(?:boot|boot\/efi|efi)\/loader\/entries\/[^/]+\.conf$/;

/** The boot loader that a look shows. Where two are installed, the one whose generated files are there. */
export function findBootLoader(sources: BootSources): BootLoader {
  const { files, present, programs } = sources;
  const entries = entryPaths(sources);
  // Where both are installed, the running kernel shows which one counts.
  const grubIsThere =
    sources.bootedBy !== 'systemd-boot' && [...present].some((path) => grubConfigs.test(path));
  const text = files.get(grubDefaultsPath);
  const defaults = text === undefined ? undefined : readGrubDefaults(text, dropIns(sources));
  const generator = ['update-grub', 'grub2-mkconfig', 'grub-mkconfig'].some((name) => programs.has(name));

  if (grubIsThere && programs.has('grubby') && usesEntries(text ?? '', entries.length > 0))
    return { kind: 'grubby' };
  if (generator && defaults !== undefined && (grubIsThere || sources.bootedBy === 'grub')) {
    return defaults.kind === 'readable' ? { kind: 'grub', defaults } : { kind: 'unknown', why: defaults.why };
  }
  if (files.has(kernelCommandLinePath) && sources.bootedBy !== 'grub') {
    for (const tool of ['proxmox-boot-tool', 'kernel-install'] as const)
      if (programs.has(tool)) return { kind: 'kernel-install', path: kernelCommandLinePath, tool };
  }
  if (entries.length > 0 && !grubIsThere) return { kind: 'entries', paths: entries };
  return {
    kind: 'unknown',
    why: 'neither GRUB, nor grubby, nor systemd-boot is set up in a way that is known',
  };
}

/** What the next boot has on its command line, from the files of the boot loader; undefined when they do not say. */
export function nextWords(sources: BootSources, loader: BootLoader): readonly string[] | undefined {
  switch (loader.kind) {
    case 'grub':
      return loader.defaults.words;
    case 'kernel-install':
      return commandLineWords(sources.files.get(loader.path) ?? '');
    case 'grubby':
    case 'entries':
      return wordsOfAll(sources);
    case 'unknown':
      return undefined;
    default:
      return assertNever(loader);
  }
}

/** Entries of the look, by path. */
export function entryPaths(sources: BootSources): readonly string[] {
  return [...sources.files.keys()].filter((path) => entryPath.test(path)).toSorted();
}

/** Words that every entry has: one kernel without the parameter may be the one that is booted. `$kernelopts` is in grubenv, unread. */
function wordsOfAll(sources: BootSources): readonly string[] | undefined {
  const lists = entryPaths(sources)
    .map((path) => entryWords(sources.files.get(path) ?? ''))
    .filter((words) => words !== undefined);
  if (lists.some((words) => words.some((word) => /^\$\{?kernelopts/.test(word)))) return undefined;
  const [first, ...others] = lists;
  return first?.filter((word) => others.every((words) => words.includes(word)));
}

/** Debian's and SUSE's generators write the command line into grub.cfg; those of Fedora and RHEL 8 and later leave it to the entries. */
function usesEntries(defaults: string, entriesAreThere: boolean): boolean {
  const file = readShellFile(defaults);
  const set = file?.assignments.findLast((a) => a.name === 'GRUB_ENABLE_BLSCFG');
  if (set === undefined) return entriesAreThere;
  return /true/i.test(defaults.slice(set.valueStart, set.valueEnd));
}

function dropIns(sources: BootSources): readonly (readonly [string, string])[] {
  return [...sources.files]
    .filter(([path]) => /^\/etc\/default\/grub\.d\/[^/]+\.cfg$/.test(path))
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
}
