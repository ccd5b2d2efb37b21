import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { escapeXml } from '../../../src/kvm/render/escape.ts';
import { parseXml } from '../../../src/kvm/xml.ts';
import { cases } from '../../support/cases.ts';

const texts = fc
  .string({ unit: 'binary', maxLength: 40 })
  // oxlint-disable-next-line no-control-regex -- what XML cannot hold is tested on its own
  .filter((text) => !/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffe\uffff]/.test(text));

it('keeps every text, in attributes and elements', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const written = escapeXml(text);
      const read = parseXml(`<a b="${written}" c='${written}'><d>${written}</d></a>`);
      expect(read.attributes.get('b')).toBe(text);
      expect(read.attributes.get('c')).toBe(text);
      expect(read.children[0]?.text).toBe(text);
    }),
    { numRuns: cases(20_000), examples: [['a\u2028b']] },
  );
});

it('ends no attribute, element or comment, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...`<>&"'/-!]a[ \n\t`.split('')) }), (text) => {
      expect(escapeXml(text)).not.toMatch(/[<>"'\n\t]|&(?!(?:amp|lt|gt|quot|apos|#9|#10);)/);
    }),
    { numRuns: cases(20_000) },
  );
});

it.each(['\u0000', '\u0007', '\r', '\u001b', '\u007f', '\u0085', '\uD800', '\uFFFF'])(
  'refuses %j',
  (character) => {
    expect(() => escapeXml(`a${character}b`)).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }) as Error,
    );
  },
);
