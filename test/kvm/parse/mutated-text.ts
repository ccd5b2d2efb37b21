import * as fc from 'fast-check';
import { assertNever } from '../../../src/base/errors.ts';

const hostile = [
  '',
  '\n',
  '\n\n',
  '\u0000',
  ' -> ',
  '../../..',
  ':',
  '[',
  ']',
  '<',
  '>',
  '&',
  '"',
  "'",
  '<!--',
  '<![CDATA[',
  ']]>',
  '<!DOCTYPE a>',
  '&#x0;',
  '__proto__',
  'constructor',
  '-1',
  '9'.repeat(40),
  '0x',
  'ffff:ff:1f.7',
  '\\777',
  '\ud800',
  'é漢😀',
];

const kinds = ['insert', 'replace', 'cut', 'double', 'swap'] as const;
type Kind = (typeof kinds)[number];

/** A genuine text, damaged: characters and lines changed, cut, doubled, in another order, with words put in that readers trip over. */
export function mutatedText(genuine: string): fc.Arbitrary<string> {
  const change = fc.tuple(
    fc.constantFrom(...kinds),
    fc.nat(genuine.length),
    fc.nat(40),
    fc.oneof(fc.constantFrom(...hostile), fc.string({ maxLength: 4 })),
  );
  return fc
    .array(change, { minLength: 1, maxLength: 5 })
    .map((changes) =>
      changes.reduce((text, [kind, at, length, word]) => changed(text, kind, at, length, word), genuine),
    );
}

function changed(text: string, kind: Kind, at: number, length: number, word: string): string {
  switch (kind) {
    case 'insert':
      return text.slice(0, at) + word + text.slice(at);
    case 'replace':
      return text.slice(0, at) + word + text.slice(at + length);
    case 'cut':
      return length % 4 === 0 ? text.slice(0, at) : text.slice(0, at) + text.slice(at + length);
    case 'double':
      return text.slice(0, at + length) + text.slice(at);
    case 'swap': {
      const lines = text.split('\n');
      const [line = ''] = lines.splice(at % lines.length, 1);
      lines.splice(length % (lines.length + 1), 0, line);
      return lines.join('\n');
    }
    default:
      return assertNever(kind);
  }
}
