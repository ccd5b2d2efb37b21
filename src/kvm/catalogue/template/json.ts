/** A JSON object as JSON.parse makes it. */
export type JsonTree = Readonly<Record<string, unknown>>;

/** Whether a JSON value is an object, not a list or null. */
export function isTree(value: unknown): value is JsonTree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON path of a member or item: `$.Resources.vm`, `$.Resources["my vm"]`, `$.list[3]`. */
export function pathOf(parent: string, key: string | number): string {
  if (typeof key === 'number') return `${parent}[${key}]`;
  if (/^[A-Za-z_]\w{0,63}$/.test(key)) return `${parent}.${key}`;
  return `${parent}[${shown(key)}]`;
}

/** A name of the template for an error text: quoted, at most 64 characters. */
export function shown(name: string): string {
  return JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}...` : name);
}

/** Where a fault lies and what to do. */
export interface Fault {
  readonly path: string;
  readonly text: string;
}
