/**
 * A cycle in a graph of needs as the names on it, the first one repeated at the end; undefined when there is none. Without
 * recursion: a template may have a chain of a hundred thousand resources.
 */
export function findCycle(needs: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>();
  for (const start of needs.keys()) {
    if (done.has(start)) continue;
    const trail = [{ name: start, next: 0 }];
    const onTrail = new Set([start]);
    for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
      const need = needs.get(top.name)?.[top.next];
      top.next += 1;
      if (need === undefined) {
        done.add(top.name);
        onTrail.delete(top.name);
        trail.pop();
      } else if (onTrail.has(need)) {
        const names = trail.map(({ name }) => name);
        return [...names.slice(names.indexOf(need)), need];
      } else if (!done.has(need)) {
        trail.push({ name: need, next: 0 });
        onTrail.add(need);
      }
    }
  }
  return undefined;
}
