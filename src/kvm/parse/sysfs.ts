/** Small files of sysfs entries, by entry and file name: `0000:3b:00.0` -> `vendor` -> `0x8086`. */
export type SysfsValues = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * Reads `path:value` lines of entries under `folder` (`sys/bus/pci/devices`). Each line of a file has its path before it, so a value
 * with line breaks cannot pass for another file; only the first line of a file counts.
 */
export function readSysfsValues(text: string | undefined, folder: string): SysfsValues {
  const entries = new Map<string, Map<string, string>>();
  const prefix = `${folder}/`;
  for (const line of (text ?? '').split('\n')) {
    if (!line.startsWith(prefix)) continue;
    const slash = line.indexOf('/', prefix.length);
    const colon = slash === -1 ? -1 : line.indexOf(':', slash);
    if (colon === -1) continue;
    const entry = line.slice(prefix.length, slash);
    const file = line.slice(slash + 1, colon);
    const files = entries.get(entry) ?? new Map<string, string>();
    if (!files.has(file)) files.set(file, line.slice(colon + 1).trim());
    entries.set(entry, files);
  }
  return entries;
}

/** Reads `ls -l` lines: every path under `folder` by what follows the folder, with the target of the link or undefined for none. */
export function readSysfsLinks(
  text: string | undefined,
  folder: string,
): ReadonlyMap<string, string | undefined> {
  const links = new Map<string, string | undefined>();
  const prefix = `${folder}/`;
  for (const line of (text ?? '').split('\n')) {
    // The columns before the path have no slash.
    const start = line.indexOf('/') - 'sys'.length;
    if (start < 1 || line[start - 1] !== ' ' || !line.startsWith(prefix, start)) continue;
    const arrow = line.indexOf(' -> ', start);
    const path = line.slice(start + prefix.length, arrow === -1 ? undefined : arrow);
    if (!links.has(path)) links.set(path, arrow === -1 ? undefined : line.slice(arrow + 4));
  }
  return links;
}

/** The last part of a link's target. */
export function lastPartOf(target: string | undefined): string | undefined {
  const part = target?.slice(target.lastIndexOf('/') + 1);
  return part === '' ? undefined : part;
}
