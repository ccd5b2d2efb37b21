import * as fc from 'fast-check';
import { expect, it, describe } from 'vitest';
import { checkTemplate } from '../../../src/kvm/catalogue/template/check.ts';
import { findCycle } from '../../../src/kvm/catalogue/template/cycle.ts';
import { KvmError } from '../../../src/kvm/errors.ts';
import { cases } from '../../support/cases.ts';
import { manualTemplate } from './manual-template.ts';

const vm = (properties: object = {}, more: object = {}) => ({
  Type: 'ZStack::Resource::VmInstance',
  Properties: properties,
  ...more,
});
const template = (resources: unknown, more: object = {}) => ({
  ZStackTemplateFormatVersion: '2018-06-18',
  Parameters: { size: { Type: 'Number' } },
  Resources: resources,
  ...more,
});

function refusalOf(value: unknown): string {
  try {
    checkTemplate(typeof value === 'string' ? value : JSON.stringify(value));
  } catch (error) {
    expect(error).toBeInstanceOf(KvmError);
    expect((error as KvmError).code).toBe('invalid-argument');
    return (error as KvmError).message;
  }
  return 'accepted';
}

it("takes the manual's own sample and reads its version", () => {
  expect(checkTemplate(manualTemplate)).toEqual({ version: '2018-06-18' });
});

it.each([
  ['a Ref to a parameter', template({ a: vm({ n: { Ref: 'size' } }) })],
  ['a Ref to a pseudo parameter', template({ a: vm({ n: { Ref: 'ZStack::StackUuid' } }) })],
  ['Fn::Select with a Ref as list', template({ a: vm({ n: { 'Fn::Select': ['0', { Ref: 'size' }] } }) })],
  ['Fn::Select of a literal list', template({ a: vm({ n: { 'Fn::Select': [1, ['x', 'y']] } }) })],
  ['DependsOn as a name', template({ a: vm(), b: vm({}, { DependsOn: 'a' }) })],
  ['DependsOn as a Ref', template({ a: vm(), b: vm({}, { DependsOn: { Ref: 'a' } }) })],
  [
    'unknown members',
    template({ a: vm({}, { DeletionPolicy: 'Retain', Mine: [1] }) }, { Mappings: {}, X: 1 }),
  ],
  ['unknown functions', template({ a: vm({ n: { 'Fn::Base64': { Ref: 'size' } } }) })],
  [
    'a name like __proto__',
    '{"ZStackTemplateFormatVersion":"2018-06-18","Resources":{"__proto__":{"Type":"ZStack::Action::A","Properties":{}}}}',
  ],
])('takes %s', (_what, value) => {
  expect(refusalOf(value)).toBe('accepted');
});

it.each([
  ['a list', '[]', '$: must be a JSON object'],
  ['no version', { Resources: { a: vm() } }, '$.ZStackTemplateFormatVersion: must be a date as yyyy-mm-dd'],
  ['a 13th month', template({ a: vm() }, { ZStackTemplateFormatVersion: '2018-13-01' }), 'yyyy-mm-dd'],
  ['no resources', template({}), '$.Resources: must have at least one resource'],
  ['resources as a list', template([]), '$.Resources: must be an object of named members'],
  [
    'a foreign type',
    template({ a: vm({}, { Type: 'AWS::EC2' }) }),
    '$.Resources.a.Type: must be ZStack::Resource::',
  ],
  [
    'no Properties',
    template({ a: { Type: 'ZStack::Action::X' } }),
    '$.Resources.a.Properties: must be an object',
  ],
  [
    'a wrong parameter type',
    template({ a: vm() }, { Parameters: { p: { Type: 'Int' } } }),
    '$.Parameters.p.Type: must be one of String',
  ],
  ['a name used twice', template({ size: vm() }), '$.Parameters.size: a resource has the same name'],
  [
    'a Ref to nothing',
    template({ a: vm({ l: [{ Ref: 'nix' }] }) }),
    '$.Resources.a.Properties.l[0].Ref: Ref names "nix"',
  ],
  [
    'a GetAtt of a parameter',
    template({ a: vm({ n: { 'Fn::GetAtt': ['size', 'x'] } }) }),
    '["Fn::GetAtt"]: Fn::GetAtt names "size"',
  ],
  ['a GetAtt of one', template({ a: vm({ n: { 'Fn::GetAtt': ['a'] } }) }), 'takes a list of two texts'],
  ['a Join of one', template({ a: vm({ n: { 'Fn::Join': [','] } }) }), 'Fn::Join takes a list of two'],
  [
    'a bad Ref in a Join',
    template({ a: vm({ n: { 'Fn::Join': ['', [{ Ref: 'q' }]] } }) }),
    '["Fn::Join"][1][0].Ref',
  ],
  [
    'a Select out of range',
    template({ a: vm({ n: { 'Fn::Select': [2, ['x', 'y']] } }) }),
    'the list has items 0 to 1',
  ],
  ['a Select below 0', template({ a: vm({ n: { 'Fn::Select': [-1, { Ref: 'size' }] } }) }), 'out of range'],
  ['a Ref beside others', template({ a: vm({ n: { Ref: 'size', x: 1 } }) }), 'must stand alone'],
  [
    'a DependsOn to a parameter',
    template({ a: vm({}, { DependsOn: ['size'] }) }),
    '$.Resources.a.DependsOn[0]: DependsOn names "size"',
  ],
  [
    'an output without Value',
    template({ a: vm() }, { Outputs: { o: {} } }),
    '$.Outputs.o: must be an object with a Value',
  ],
  [
    'an output of nothing',
    template({ a: vm() }, { Outputs: { o: { Value: { Ref: 'b' } } } }),
    '$.Outputs.o.Value.Ref',
  ],
  ['a resource that needs itself', template({ a: vm({ n: { Ref: 'a' } }) }), 'needs itself ("a" -> "a")'],
  [
    'a cycle over DependsOn, Ref and GetAtt',
    template({
      a: vm({}, { DependsOn: ['b'] }),
      b: vm({ n: { Ref: 'c' } }),
      c: vm({ n: { 'Fn::GetAtt': ['a', 'uuid'] } }),
    }),
    '$.Resources.a: needs itself ("a" -> "b" -> "c" -> "a"); take one',
  ],
])('refuses %s', (_what, value, text) => {
  expect(refusalOf(value)).toContain(text);
});

describe('hostile templates', () => {
  it('quotes nothing of broken JSON', () => {
    const text = refusalOf('{"a": "Secret-4711",\n  "b": x}');
    expect(text).toContain('$: the text is no JSON');
    expect(text).not.toContain('Secret-4711');
  });

  it('refuses more than 4 MiB, counted in bytes', () => {
    expect(refusalOf(JSON.stringify({ x: 'é'.repeat(2_097_152) }))).toContain('may have at most 4194304');
  });

  it('refuses deep nesting without exhausting the stack', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const text = refusalOf(
      `{"ZStackTemplateFormatVersion":"2018-06-18","Resources":{"a":{"Type":"ZStack::Action::A","Properties":{"x":${deep}}}}}`,
    );
    expect(text).toContain('nested deeper than 64');
  });

  it('tells 20 of a hundred thousand faults', () => {
    const refs = Array.from({ length: 100_000 }, () => ({ Ref: 'x' }));
    const text = refusalOf(template({ a: vm({ refs }) }));
    expect(text).toContain('and 99980 more');
    expect(text.length).toBeLessThan(10_000);
  });

  it('follows a chain of forty thousand resources', () => {
    const chain = Array.from({ length: 40_000 }, (_, i) => [
      `r${i}`,
      vm({}, i === 0 ? {} : { DependsOn: `r${i - 1}` }),
    ]);
    expect(refusalOf(template(Object.fromEntries(chain)))).toBe('accepted');
  });

  it('answers any JSON with acceptance or an invalid-argument that is short', () => {
    const name = fc.constantFrom(
      'a',
      'b',
      'Ref',
      'Fn::GetAtt',
      'Fn::Join',
      'Fn::Select',
      'Type',
      'Properties',
      'DependsOn',
    );
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 6 },
        fc.constantFrom<unknown>('a', 'b', 0, null, 'ZStack::Action::A', -1),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(name, tie('tree'), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(tree, tree, tree, (a, b, outputs) => {
        expect(refusalOf(template({ a, b: vm({ x: b }) }, { Outputs: outputs })).length).toBeLessThan(10_000);
      }),
      { numRuns: cases(20_000) },
    );
  });
});

it('finds a cycle exactly where there is one', () => {
  const edges = fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 14 });
  fc.assert(
    fc.property(edges, (pairs) => {
      const needs = new Map<string, string[]>();
      for (const [from, to] of pairs) needs.set(`${from}`, [...(needs.get(`${from}`) ?? []), `${to}`]);
      // Independent: a graph has no cycle when peeling nodes that need nothing takes all of it away.
      const left = new Map([...needs].map(([from, to]) => [from, new Set(to)]));
      for (let i = 0; i < 9; i += 1) {
        for (const [from, to] of left) {
          for (const name of to) if (!left.has(name)) to.delete(name);
          if (to.size === 0) left.delete(from);
        }
      }
      const cycle = findCycle(needs);
      expect(cycle === undefined).toBe(left.size === 0);
      for (const [i, name] of (cycle ?? []).slice(1).entries()) {
        expect(needs.get(cycle?.[i] ?? '')).toContain(name);
      }
    }),
    { numRuns: cases(20_000) },
  );
});
