import type { QueryCondition } from '../../src/api/ports.ts';

export type ReferenceKind = 'text' | 'number' | 'boolean' | 'date';

/** ASCII letters without case, as the database folds them. */
const fold = (text: string): string => text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());

/** LIKE with % _ and a backslash as escape; a pattern that ends in a lone backslash matches nothing. */
function like(pattern: string, text: string): boolean {
  const [head, ...rest] = Array.from(pattern);
  if (head === undefined) return text === '';
  const letters = Array.from(text);
  if (head === '%')
    return (
      letters.some((_, at) => like(rest.join(''), letters.slice(at).join(''))) || like(rest.join(''), '')
    );
  const [first, ...others] = letters;
  if (first === undefined) return false;
  if (head === '_') return like(rest.join(''), others.join(''));
  if (head === '\\') {
    const [escaped, ...after] = rest;
    return escaped !== undefined && fold(escaped) === fold(first) && like(after.join(''), others.join(''));
  }
  return fold(head) === fold(first) && like(rest.join(''), others.join(''));
}

function textOf(kind: ReferenceKind, value: unknown): string {
  return kind === 'date'
    ? new Date(Number(value)).toISOString().slice(0, 19).replace('T', ' ')
    : String(value);
}

function compare(kind: ReferenceKind, stored: unknown, given: string): number {
  if (kind === 'text') return Buffer.compare(Buffer.from(String(stored)), Buffer.from(given));
  if (kind === 'number') return Number(stored) - Number(given);
  if (kind === 'boolean') return Number(stored) - (given === 'true' ? 1 : 0);
  return Math.floor(Number(stored) / 1000) - Date.parse(`${given.replace(' ', 'T')}Z`) / 1000;
}

/** What one condition means, written a second time and plainly. What is absent meets no condition but `is null`. */
export function matches(
  kind: ReferenceKind,
  stored: unknown,
  operator: QueryCondition['operator'],
  value: string,
): boolean {
  if (operator === 'is null') return stored === undefined;
  if (stored === undefined) return false;
  const inList = (): boolean => value.split(',').some((item) => compare(kind, stored, item.trim()) === 0);
  const is: Readonly<Record<Exclude<QueryCondition['operator'], 'is null'>, () => boolean>> = {
    'not null': () => true,
    '=': () => compare(kind, stored, value) === 0,
    '!=': () => compare(kind, stored, value) !== 0,
    '>': () => compare(kind, stored, value) > 0,
    '>=': () => compare(kind, stored, value) >= 0,
    '<': () => compare(kind, stored, value) < 0,
    '<=': () => compare(kind, stored, value) <= 0,
    '?=': inList,
    '!?=': () => !inList(),
    '~=': () => like(value, textOf(kind, stored)),
    '!~=': () => !like(value, textOf(kind, stored)),
  };
  return is[operator]();
}

/** A row of the reference: members by name, absent ones undefined. */
export type ReferenceRow = Readonly<Record<string, string | number | boolean | undefined>> & {
  readonly uuid: string;
};

/** Rows in memory; `shared` are the uuids that the account `guest` may see. */
export interface ReferenceWorld {
  readonly rows: Readonly<
    Record<'zone' | 'cluster' | 'chassis' | 'hostCfg' | 'nicCfg', readonly ReferenceRow[]>
  >;
  readonly tags: ReadonlyArray<{
    readonly resourceUuid: string;
    readonly resourceType: string;
    readonly type: 'System' | 'User';
    readonly tag: string;
  }>;
  readonly shared: readonly string[];
}
type Kind = keyof ReferenceWorld['rows'];

export const referenceKinds: Readonly<Record<Kind, Readonly<Record<string, ReferenceKind>>>> = {
  zone: { uuid: 'text', name: 'text', state: 'text', createDate: 'date' },
  cluster: { uuid: 'text', name: 'text', zoneUuid: 'text', hypervisorType: 'text', createDate: 'date' },
  chassis: {
    uuid: 'text',
    name: 'text',
    description: 'text',
    status: 'text',
    ipmiPort: 'number',
    clusterUuid: 'text',
    createDate: 'date',
  },
  hostCfg: { uuid: 'text', chassisUuid: 'text', vnc: 'boolean', createDate: 'date' },
  nicCfg: { uuid: 'text', hostCfgUuid: 'text', mac: 'text', ip: 'text', pxe: 'boolean' },
};

type Lead = (row: ReferenceRow, world: ReferenceWorld) => readonly ReferenceRow[];
const by =
  (kind: Kind, there: string, here: string): Lead =>
  (row, { rows }) =>
    rows[kind].filter((other) => row[here] !== undefined && other[there] === row[here]);
const through =
  (first: Lead, second: Lead): Lead =>
  (row, world) =>
    first(row, world).flatMap((between) => second(between, world));

const clusterOf = by('cluster', 'uuid', 'clusterUuid');
const zoneOf = by('zone', 'uuid', 'zoneUuid');
const clustersIn = by('cluster', 'zoneUuid', 'uuid');
const chassisIn = by('chassis', 'clusterUuid', 'uuid');

/** Where dotted names lead. */
export const referenceRelations: Readonly<
  Record<Kind, Readonly<Record<string, { readonly resource: Kind; readonly lead: Lead }>>>
> = {
  zone: {
    clusters: { resource: 'cluster', lead: clustersIn },
    chassis: { resource: 'chassis', lead: through(clustersIn, chassisIn) },
  },
  cluster: {
    zone: { resource: 'zone', lead: zoneOf },
    chassis: { resource: 'chassis', lead: chassisIn },
  },
  chassis: {
    cluster: { resource: 'cluster', lead: clusterOf },
    zone: { resource: 'zone', lead: through(clusterOf, zoneOf) },
    hostCfg: { resource: 'hostCfg', lead: by('hostCfg', 'chassisUuid', 'uuid') },
  },
  hostCfg: {
    chassis: { resource: 'chassis', lead: by('chassis', 'uuid', 'chassisUuid') },
    nicCfgs: { resource: 'nicCfg', lead: by('nicCfg', 'hostCfgUuid', 'uuid') },
  },
  nicCfg: { hostCfg: { resource: 'hostCfg', lead: by('hostCfg', 'uuid', 'hostCfgUuid') } },
};

function hasTag(
  world: ReferenceWorld,
  row: ReferenceRow,
  type: string,
  { operator, value }: QueryCondition,
): boolean {
  const texts = world.tags.filter((tag) => tag.resourceUuid === row.uuid && tag.type === type);
  const some = (positive: QueryCondition['operator']): boolean =>
    texts.some(({ tag }) => matches('text', tag, positive, value));
  if (operator === 'is null') return texts.length === 0;
  return operator.startsWith('!') ? !some(operator.slice(1) as '=') : some(operator);
}

/** Whether a row meets all conditions; those that begin with one relation must be met by one row there. */
export function meets(
  world: ReferenceWorld,
  kind: Kind,
  row: ReferenceRow,
  conditions: readonly QueryCondition[],
  guest: boolean,
): boolean {
  if (guest && !((kind === 'zone' || kind === 'cluster') && world.shared.includes(row.uuid))) return false;
  const own = conditions.filter(({ field }) => !field.includes('.'));
  const ownMet = own.every((condition) => {
    const { field, operator, value } = condition;
    if (field === '__systemTag__') return hasTag(world, row, 'System', condition);
    if (field === '__userTag__') return hasTag(world, row, 'User', condition);
    return matches(referenceKinds[kind][field] ?? 'text', row[field], operator, value);
  });
  const leads = new Set(
    conditions.flatMap(({ field }) => (field.includes('.') ? [field.slice(0, field.indexOf('.'))] : [])),
  );
  return (
    ownMet &&
    [...leads].every((lead) => {
      const relation = referenceRelations[kind][lead];
      if (relation === undefined) throw new Error(`the reference has no relation ${kind}.${lead}`);
      const rest = conditions.flatMap((condition) =>
        condition.field.startsWith(`${lead}.`)
          ? [{ ...condition, field: condition.field.slice(lead.length + 1) }]
          : [],
      );
      return relation.lead(row, world).some((other) => meets(world, relation.resource, other, rest, guest));
    })
  );
}

type Plain = ReferenceRow[string];

function order(a: Plain, b: Plain): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return typeof a === 'string'
    ? Buffer.compare(Buffer.from(a), Buffer.from(String(b)))
    : Number(a) - Number(b);
}

/** The list in its order; `groupBy` keeps the first row of each value. Dates are told apart by their seconds. */
export function arranged(
  kind: Kind,
  rows: readonly ReferenceRow[],
  sort: { readonly field: string; readonly direction: 'asc' | 'desc' } | undefined,
  groupBy: string | undefined,
): readonly ReferenceRow[] {
  const field = sort?.field ?? 'createDate';
  const sign = sort?.direction === 'desc' ? -1 : 1;
  const sorted = rows.toSorted((a, b) => sign * (order(a[field], b[field]) || order(a.uuid, b.uuid)));
  if (groupBy === undefined) return sorted;
  const seen = new Set<Plain>();
  return sorted.filter((row) => {
    const value = row[groupBy];
    const group = referenceKinds[kind][groupBy] === 'date' ? Math.floor(Number(value) / 1000) : value;
    if (seen.has(group)) return false;
    seen.add(group);
    return true;
  });
}
