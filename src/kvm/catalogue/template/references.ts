import { type Fault, isTree, type JsonTree, pathOf, shown } from './json.ts';

/** Names that references may lead to. */
export interface Names {
  readonly parameters: ReadonlySet<string>;
  readonly resources: ReadonlySet<string>;
}

/** What a value refers to, and what is wrong in it. */
export interface References {
  /** Resources that it needs. */
  readonly resources: readonly string[];
  readonly faults: readonly Fault[];
}

/** Deeper ones are no template, and would exhaust whatever walks them. */
const maxDepth = 64;

const none: References = { resources: [], faults: [] };
const wrong = (path: string, text: string): References => ({ resources: [], faults: [{ path, text }] });

function all(parts: readonly References[]): References {
  return {
    resources: parts.flatMap(({ resources }) => resources),
    faults: parts.flatMap(({ faults }) => faults),
  };
}

/** An object that is one function and nothing else may stand where a list or number is wanted. */
function isFunction(value: unknown): value is JsonTree {
  if (!isTree(value)) return false;
  const [key, ...others] = Object.keys(value);
  return key !== undefined && others.length === 0 && (key === 'Ref' || key.startsWith('Fn::'));
}

function checkRef(name: unknown, path: string, names: Names): References {
  if (typeof name !== 'string') return wrong(path, 'Ref takes the name of a parameter or resource as a text');
  if (names.resources.has(name)) return { resources: [name], faults: [] };
  if (names.parameters.has(name) || name.startsWith('ZStack::')) return none;
  return wrong(
    path,
    `Ref names ${shown(name)}, which is neither in Parameters nor in Resources; add it there or correct the name`,
  );
}

function checkGetAtt(value: unknown, path: string, names: Names): References {
  const [resource, attribute] = Array.isArray(value) ? (value as unknown[]) : [];
  const right = Array.isArray(value) && value.length === 2;
  if (!right || typeof resource !== 'string' || typeof attribute !== 'string' || attribute === '') {
    return wrong(path, 'Fn::GetAtt takes a list of two texts: a resource and one of its attributes');
  }
  if (names.resources.has(resource)) return { resources: [resource], faults: [] };
  const text = `Fn::GetAtt names ${shown(resource)}, which is not in Resources; add it there or correct the name`;
  return wrong(path, text);
}

function checkJoin(value: unknown, path: string): readonly Fault[] {
  const [delimiter, list] = Array.isArray(value) ? (value as unknown[]) : [];
  const right = Array.isArray(value) && value.length === 2;
  if (right && typeof delimiter === 'string' && (Array.isArray(list) || isFunction(list))) return [];
  return [{ path, text: 'Fn::Join takes a list of two: a delimiter (text) and a list of what to join' }];
}

function checkSelect(value: unknown, path: string): readonly Fault[] {
  const [index, list] = Array.isArray(value) ? (value as unknown[]) : [];
  const literal = typeof index === 'number' || typeof index === 'string' ? Number(index) : undefined;
  const right = Array.isArray(value) && value.length === 2 && (Array.isArray(list) || isFunction(list));
  if (!right || (literal === undefined ? !isFunction(index) : !Number.isInteger(literal) || index === '')) {
    return [{ path, text: 'Fn::Select takes a list of two: an index counted from 0, and a list' }];
  }
  if (literal === undefined || !Array.isArray(list))
    return literal !== undefined && literal < 0 ? [tooFar(path, 0)] : [];
  return literal >= 0 && literal < list.length ? [] : [tooFar(path, list.length)];
}

function tooFar(path: string, length: number): Fault {
  const range =
    length > 0 ? `the list has items 0 to ${length - 1}` : 'an index counts from 0 in a list with items';
  return { path, text: `the index of Fn::Select is out of range; ${range}` };
}

/** The references in a value, however deep; `path` is where it stands. */
export function referencesOf(value: unknown, path: string, names: Names, depth = 0): References {
  if (depth > maxDepth) return wrong(path, `nested deeper than ${maxDepth} levels; make it flatter`);
  if (Array.isArray(value)) {
    return all((value as unknown[]).map((item, i) => referencesOf(item, pathOf(path, i), names, depth + 1)));
  }
  if (!isTree(value)) return none;
  const members = Object.entries(value);
  return all(
    members.map(([key, inner]) => {
      const at = pathOf(path, key);
      const special = key === 'Ref' || key.startsWith('Fn::');
      if (special && members.length > 1) {
        return wrong(at, `${shown(key)} must stand alone in its object; move the other members out`);
      }
      if (key === 'Ref') return checkRef(inner, at, names);
      if (key === 'Fn::GetAtt') return checkGetAtt(inner, at, names);
      const faults =
        key === 'Fn::Join' ? checkJoin(inner, at) : key === 'Fn::Select' ? checkSelect(inner, at) : [];
      return faults.length > 0 ? { resources: [], faults } : referencesOf(inner, at, names, depth + 1);
    }),
  );
}

/** DependsOn: a resource's name, `{"Ref": name}`, or a list of both. */
export function dependenciesOf(value: unknown, path: string, names: Names): References {
  if (value === undefined) return none;
  const items: readonly (readonly [string, unknown])[] = Array.isArray(value)
    ? (value as unknown[]).map((item, i) => [pathOf(path, i), item])
    : [[path, value]];
  return all(
    items.map(([at, item]) => {
      const name = isFunction(item) ? item['Ref'] : item;
      if (typeof name !== 'string') return wrong(at, 'DependsOn takes names of resources, or {"Ref": name}');
      if (names.resources.has(name)) return { resources: [name], faults: [] };
      const text = `DependsOn names ${shown(name)}, which is not in Resources; add it there or correct the name`;
      return wrong(at, text);
    }),
  );
}
