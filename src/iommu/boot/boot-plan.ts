import { assertNever } from '../../base/errors.ts';
import { changeCommandLine, changeEntry } from './command-line-files.ts';
import { unifiedDiff } from './diff.ts';
import { addToGrubDefaults, grubDefaultsPath, removeFromGrubDefaults } from './grub-defaults.ts';
import { type BootLoader, entryPaths, findBootLoader } from './loader.ts';
import type { BootSources } from './sources.ts';

/** Parameters to add to the kernel's command line, or to remove from it. */
interface ParameterChange {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** One file to replace. */
export interface BootEdit {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/** What has to be done for another command line at the next boot. */
export interface BootPlan {
  readonly loader: Exclude<BootLoader['kind'], 'unknown'>;
  /** Files that we write; none where the tool writes them. */
  readonly edits: readonly BootEdit[];
  /** What has to run afterwards for the files to count; undefined when nothing has to. */
  readonly tool: 'grub' | 'grubby' | 'kernel-install' | 'proxmox-boot-tool' | undefined;
  readonly change: ParameterChange;
  /** For people: what changes. */
  readonly diff: string;
}

/** Plans a change of the command line; a change that the files have already is a plan without edits, tool and diff. */
export function planBoot(
  sources: BootSources,
  loader: Exclude<BootLoader, { kind: 'unknown' }>,
  change: ParameterChange,
): BootPlan {
  switch (loader.kind) {
    case 'grub': {
      const { defaults } = loader;
      const after =
        change.add.length > 0
          ? addToGrubDefaults(defaults, change.add)
          : removeFromGrubDefaults(defaults, change.remove);
      return planned('grub', change, [edit(grubDefaultsPath, defaults.text, after)], 'grub');
    }
    case 'kernel-install': {
      const before = sources.files.get(loader.path) ?? '';
      return planned(
        loader.kind,
        change,
        [edit(loader.path, before, changeCommandLine(before, change))],
        loader.tool,
      );
    }
    case 'entries':
      return planned(loader.kind, change, entryEdits(sources, change), undefined);
    case 'grubby': {
      if (change.add.length + change.remove.length === 0) return planned(loader.kind, change, [], undefined);
      const { diff } = planned(loader.kind, change, entryEdits(sources, change), undefined);
      const words = [change.remove, change.add].map((list) =>
        list.length === 0 ? '' : `${list.join(' ')}\n`,
      );
      const all = unifiedDiff('/boot/loader/entries', words[0] ?? '', words[1] ?? '');
      // Entries that take their options from grubenv do not show what grubby will change.
      return { loader: loader.kind, edits: [], tool: 'grubby', change, diff: diff === '' ? all : diff };
    }
    default:
      return assertNever(loader);
  }
}

/**
 * The plan that puts `/etc/default/grub` back to the byte, where it is just as `added` made it; undefined where somebody has changed it
 * since or another file is meant.
 */
export function planRestore(
  sources: BootSources,
  was: { readonly path: string; readonly before: string; readonly added: readonly string[] },
): BootPlan | undefined {
  const now = sources.files.get(grubDefaultsPath);
  if (was.path !== grubDefaultsPath || now === undefined) return undefined;
  const then = findBootLoader({ ...sources, files: new Map([...sources.files, [was.path, was.before]]) });
  if (then.kind !== 'grub' || addToGrubDefaults(then.defaults, was.added) !== now) return undefined;
  return planned('grub', { add: [], remove: was.added }, [edit(was.path, now, was.before)], 'grub');
}

function edit(path: string, before: string, after: string): BootEdit {
  return { path, before, after };
}

function entryEdits(sources: BootSources, change: ParameterChange): readonly BootEdit[] {
  return entryPaths(sources).map((path) => {
    const before = sources.files.get(path) ?? '';
    return edit(path, before, changeEntry(before, change));
  });
}

function planned(
  loader: BootPlan['loader'],
  change: ParameterChange,
  edits: readonly BootEdit[],
  tool: BootPlan['tool'],
): BootPlan {
  const real = edits.filter(({ before, after }) => before !== after);
  const diff = real.map(({ path, before, after }) => unifiedDiff(path, before, after)).join('');
  return { loader, edits: real, tool: real.length === 0 ? undefined : tool, change, diff };
}
