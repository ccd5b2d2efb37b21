import { BuildError } from './tools.ts';

/** What depmod wrote about a whole module tree. Paths are relative to the tree, e.g. `kernel/drivers/net/virtio_net.ko`. */
export interface ModuleIndex {
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
  /** Module name to the names that should be loaded beside it. */
  readonly soft: ReadonlyMap<string, readonly string[]>;
  /** Exact aliases (no wildcard) to module names, e.g. `crc32c` to `crc32c_generic`. */
  readonly aliases: ReadonlyMap<string, readonly string[]>;
}

/** Lines of a list file: `#` starts a comment, blank lines are nothing. */
export function parseModuleList(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/#.*$/, '').trim())
    .filter((line) => line !== '');
}

function collect(lines: readonly string[], pattern: RegExp): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const line of lines) {
    const [, key, values] = pattern.exec(line) ?? [];
    if (key === undefined || values === undefined) continue;
    const list = found.get(key) ?? [];
    list.push(...values.split(/\s+/).filter((word) => word !== '' && !word.endsWith(':')));
    found.set(key, list);
  }
  return found;
}

/** Reads the texts of modules.dep, modules.softdep and modules.alias. modules.dep(5) */
export function parseModuleIndex(dep: string, softdep: string, alias: string): ModuleIndex {
  const aliases = new Map<string, string[]>();
  for (const line of alias.split('\n')) {
    const [, name, module] = /^alias ([^\s*?[]+) (\S+)$/.exec(line) ?? [];
    if (name !== undefined && module !== undefined) aliases.set(name, [...(aliases.get(name) ?? []), module]);
  }
  return {
    dependencies: collect(dep.split('\n'), /^(\S+\.ko):(.*)$/),
    soft: collect(softdep.split('\n'), /^softdep (\S+) (.*)$/),
    aliases,
  };
}

function nameOf(path: string): string {
  return path.replace(/^.*\//, '').replace(/\.ko$/, '').replaceAll('-', '_');
}

/** The files that a list asks for with everything they need, sorted. Throws `input` for a line that matches nothing. */
export function selectModules(wanted: readonly string[], index: ModuleIndex): string[] {
  const all = [...index.dependencies.keys()];
  const byName = new Map(all.map((path) => [nameOf(path), path]));
  const queue: string[] = [];
  const unmatched: string[] = [];
  for (const line of wanted) {
    const hits = line.endsWith('/')
      ? all.filter((path) => path.startsWith(`kernel/${line}`))
      : all.filter((path) => path === `kernel/${line}.ko`);
    if (hits.length === 0) unmatched.push(line);
    queue.push(...hits);
  }
  if (unmatched.length > 0) {
    throw new BuildError('input', `this kernel has no module ${unmatched.join(', ')}`);
  }
  const selected = new Set<string>();
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (selected.has(path)) continue;
    selected.add(path);
    queue.push(...(index.dependencies.get(path) ?? []));
    for (const soft of index.soft.get(nameOf(path)) ?? []) {
      for (const name of [soft.replaceAll('-', '_'), ...(index.aliases.get(soft) ?? [])]) {
        const softPath = byName.get(name);
        if (softPath !== undefined) queue.push(softPath);
      }
    }
  }
  return [...selected].toSorted();
}
