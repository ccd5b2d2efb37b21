import { badArgument } from '../../checks.ts';
import type { KvmError } from '../../errors.ts';
import { findCycle } from './cycle.ts';
import { type Fault, isTree, type JsonTree, pathOf, shown } from './json.ts';
import { dependenciesOf, type Names, referencesOf } from './references.ts';

const maxBytes = 4 * 1024 * 1024;
const maxFaults = 20;
const parameterTypes: readonly unknown[] = ['String', 'Number', 'CommaDelimitedList', 'Boolean'];
const resourceType = /^ZStack::(?:Resource|Action)::[A-Za-z][A-Za-z0-9]*$/;

function refusal(faults: readonly Fault[]): KvmError {
  const lines = faults.slice(0, maxFaults).map(({ path, text }) => `${path}: ${text}`);
  if (faults.length > maxFaults) lines.push(`and ${faults.length - maxFaults} more`);
  return badArgument('templateContent', lines.join('; '));
}

/** The engine's own texts quote the template, which may hold passwords; so they are not told. */
function parse(content: string): JsonTree {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    throw refusal([{ path: '$', text: 'the text is no JSON; a JSON checker such as jq shows the place' }]);
  }
  if (!isTree(value)) throw refusal([{ path: '$', text: 'must be a JSON object' }]);
  return value;
}

function isVersion(value: unknown): value is string {
  return typeof value === 'string' && /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/.test(value);
}

/** The members of a section, and a fault when it is no object. */
function sectionOf(
  tree: JsonTree,
  name: string,
): { members: readonly (readonly [string, unknown])[]; faults: Fault[] } {
  const value = Object.hasOwn(tree, name) ? tree[name] : {};
  if (isTree(value)) return { members: Object.entries(value), faults: [] };
  return { members: [], faults: [{ path: pathOf('$', name), text: 'must be an object of named members' }] };
}

function parameterFaults(name: string, value: unknown, names: Names): readonly Fault[] {
  const path = pathOf('$.Parameters', name);
  const text = 'a resource has the same name; rename one of them';
  const twin: readonly Fault[] = names.resources.has(name) ? [{ path, text }] : [];
  if (!isTree(value)) return [...twin, { path, text: 'must be an object with a Type' }];
  if (parameterTypes.includes(value['Type'])) return twin;
  return [...twin, { path: pathOf(path, 'Type'), text: `must be one of ${parameterTypes.join(', ')}` }];
}

function shapeFaults(path: string, value: unknown): readonly Fault[] {
  if (!isTree(value)) return [{ path, text: 'must be an object with Type and Properties' }];
  const faults: Fault[] = [];
  const type = value['Type'];
  if (typeof type !== 'string' || !resourceType.test(type)) {
    const text =
      'must be ZStack::Resource:: or ZStack::Action:: and a name, e.g. ZStack::Resource::VmInstance';
    faults.push({ path: pathOf(path, 'Type'), text });
  }
  if (!isTree(value['Properties'])) {
    faults.push({
      path: pathOf(path, 'Properties'),
      text: 'must be an object; {} when there is nothing to say',
    });
  }
  return faults;
}

function outputFaults(path: string, value: unknown, names: Names): readonly Fault[] {
  if (isTree(value) && 'Value' in value)
    return referencesOf(value['Value'], pathOf(path, 'Value'), names).faults;
  return [{ path, text: 'must be an object with a Value' }];
}

/** What each resource needs by reference or DependsOn, with the faults found on the way. */
function needsOf(resources: readonly (readonly [string, unknown])[], names: Names) {
  const found = resources.flatMap(([name, value]) => {
    if (!isTree(value)) return [];
    const path = pathOf('$.Resources', name);
    const used = referencesOf(value['Properties'], pathOf(path, 'Properties'), names);
    const after = dependenciesOf(value['DependsOn'], pathOf(path, 'DependsOn'), names);
    const needs = [...new Set([...used.resources, ...after.resources])];
    return [{ name, needs, faults: [...used.faults, ...after.faults] }];
  });
  return {
    needs: new Map(found.map(({ name, needs }) => [name, needs])),
    faults: found.flatMap(({ faults }) => faults),
  };
}

function cycleFaults(needs: ReadonlyMap<string, readonly string[]>): readonly Fault[] {
  const cycle = findCycle(needs);
  if (cycle === undefined) return [];
  const way = cycle.length > 12 ? [...cycle.slice(0, 10), '...', ...cycle.slice(-1)] : cycle;
  const path = pathOf('$.Resources', cycle[0] ?? '');
  return [{ path, text: `needs itself (${way.map(shown).join(' -> ')}); take one of these references away` }];
}

/**
 * Checks a stack template as far as it can be without running it; unknown members are let through. Throws KvmError
 * `invalid-argument` with up to 20 faults, each with its JSON path and what to do.
 */
export function checkTemplate(content: string): { readonly version: string } {
  const size = Buffer.byteLength(content, 'utf8');
  if (size > maxBytes) {
    throw refusal([{ path: '$', text: `is ${size} bytes long and may have at most ${maxBytes}; split it` }]);
  }
  const tree = parse(content);
  const version = tree['ZStackTemplateFormatVersion'];
  if (!isVersion(version)) {
    const text = 'must be a date as yyyy-mm-dd, e.g. "2018-06-18"';
    throw refusal([{ path: '$.ZStackTemplateFormatVersion', text }]);
  }
  const parameters = sectionOf(tree, 'Parameters');
  const resources = sectionOf(tree, 'Resources');
  const outputs = sectionOf(tree, 'Outputs');
  const names: Names = {
    parameters: new Set(parameters.members.map(([name]) => name)),
    resources: new Set(resources.members.map(([name]) => name)),
  };
  const empty = resources.members.length === 0 && resources.faults.length === 0;
  const needs = needsOf(resources.members, names);
  // Spread into a list, never into arguments: a hostile template has a hundred thousand faults.
  const faults: readonly Fault[] = [
    ...[parameters, resources, outputs].flatMap((section) => section.faults),
    ...(empty ? [{ path: '$.Resources', text: 'must have at least one resource' }] : []),
    ...parameters.members.flatMap(([name, value]) => parameterFaults(name, value, names)),
    ...resources.members.flatMap(([name, value]) => shapeFaults(pathOf('$.Resources', name), value)),
    ...needs.faults,
    ...cycleFaults(needs.needs),
    ...outputs.members.flatMap(([name, value]) => outputFaults(pathOf('$.Outputs', name), value, names)),
  ];
  if (faults.length > 0) throw refusal(faults);
  return { version };
}
