import * as fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { KvmError } from '../../../src/kvm/errors.ts';
import { childOf, childrenOf, parseXml, textOf } from '../../../src/kvm/xml.ts';
import { cases } from '../../support/cases.ts';

/** Without those that a parser of XML may normalise. */
const letters = Array.from('ab"\'<>&;$`\\|(){}*?!#~-= é漢😀');

it('gives names, namespaces, attributes, children and text', () => {
  const root = parseXml(
    `<domain type='kvm' id="3"><name>a &amp; b&#x41;</name><!-- <name>no</name> -->
     <metadata><r:domain xmlns:r="urn:x" ours="true"/></metadata><t>one<b/>two<![CDATA[<three>]]></t><b/></domain>`,
  );
  expect(root.name).toBe('domain');
  expect(root.attributes).toEqual(
    new Map([
      ['type', 'kvm'],
      ['id', '3'],
    ]),
  );
  expect(textOf(root, 'name')).toBe('a & bA');
  const [own] = childOf(root, 'metadata')?.children ?? [];
  expect([own?.name, own?.namespace, own?.attributes.get('ours')]).toEqual(['domain', 'urn:x', 'true']);
  expect(textOf(root, 't')).toBe('onetwo<three>');
  expect(childrenOf(root, 'b')).toHaveLength(1);
  expect(textOf(root, 'b')).toBeUndefined();
});

it('keeps names that JavaScript has a meaning for as data', () => {
  const root = parseXml('<a __proto__="x" constructor="y"><__proto__/></a>');
  expect(root.attributes.get('__proto__')).toBe('x');
  expect(root.children[0]?.name).toBe('__proto__');
});

it.each([
  ['a DOCTYPE', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
  ['an external DOCTYPE', '<!doctype a SYSTEM "file:///etc/passwd"><a/>'],
  ['an unknown entity', '<a>&nope;</a>'],
  ['nothing', ''],
  ['no element', 'error: failed to get domain'],
  ['an open element', '<a><b></a>'],
  ['two roots', '<a/><b/>'],
  ['an attribute twice', '<a b="1" b="2"/>'],
  ['an unbound prefix', '<x:a/>'],
  ['text before it', 'text <a/>'],
  ['65 levels', '<a>'.repeat(65) + '</a>'.repeat(65)],
  ['a million levels', '<a>'.repeat(1_000_000)],
  ['too many bytes', `<a>${'é'.repeat(600)}</a>`],
])('refuses %s', (_, text) => {
  expect(() => parseXml(text, { maxBytes: 4_000_000 < text.length ? text.length : 1000 })).toThrow(KvmError);
});

it('never quotes what it could not read', () => {
  expect(() => parseXml('<a password="hunter2"')).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('hunter2') as string }),
  );
});

it('never prints', () => {
  const spies = [vi.spyOn(console, 'warn'), vi.spyOn(console, 'error'), vi.spyOn(console, 'log')];
  for (const text of ['<a b=c>', '<a b="1" b="2"/>', '<a>&nope;</a>', '<a', '</a>', '<a/>x', '']) {
    expect(() => parseXml(text)).toThrow(KvmError);
  }
  for (const spy of spies) expect(spy).not.toHaveBeenCalled();
});

it('takes 64 levels', () => {
  expect(parseXml('<a>'.repeat(64) + '</a>'.repeat(64)).name).toBe('a');
});

it('gives back any text that was escaped', () => {
  const escape = (text: string): string =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
  const texts = fc.string({ unit: fc.constantFrom(...letters), maxLength: 40 });
  fc.assert(
    fc.property(texts, texts, (text, attribute) => {
      const root = parseXml(`<a b="${escape(attribute)}">${escape(text)}</a>`);
      expect([root.text, root.attributes.get('b')]).toEqual([text, attribute]);
    }),
    { numRuns: cases(20_000) },
  );
});
