import type { TObject } from 'typebox';
import type { JsonObject } from './body.ts';
import type { MarkedSchema } from './definition.ts';
import { hiddenSecret } from './envelope.ts';
import { hideSecrets } from './errors.ts';
import { hideSecretParts } from './signed-url.ts';

const maxLength = 4096;
/** A session's uuid is as good as a password while it lives. */
const secretName = /password|secret|token|session(?:uu)?id/i;
/** Room for long texts and lists, widest first; the narrowest that is needed to fit is taken. */
const widths = [
  { text: 3072, items: 100 },
  { text: 512, items: 100 },
  { text: 128, items: 20 },
  { text: 32, items: 5 },
] as const;

/**
 * A call's parameters as a JSON text of at most 4096 characters for the audit log: only parameters that the API has, secret ones as
 * stars, whatever a careless caller put elsewhere hidden too, long texts and lists cut.
 */
export function maskedRequest(
  params: TObject,
  raw: JsonObject,
  secrets: readonly string[],
): string | undefined {
  const properties = params.properties as Readonly<Record<string, MarkedSchema>>;
  const given = Object.entries(raw).filter(
    ([name, value]) =>
      value !== undefined && value !== null && (isTagList(name) || Object.hasOwn(properties, name)),
  );
  if (given.length === 0) return undefined;
  for (const width of widths) {
    const shown = given.map(([name, value]) => {
      const schema = properties[name];
      if (schema?.secret === true || secretName.test(name)) return [name, hiddenSecret];
      const shown = schema?.signedUrl === true && typeof value === 'string' ? hideSecretParts(value) : value;
      return [name, masked(shown, secrets, width)];
    });
    const text = JSON.stringify(Object.fromEntries(shown));
    if (text.length <= maxLength) return text;
  }
  return JSON.stringify({ tooLong: given.map(([name]) => name.slice(0, 64)).slice(0, 20) });
}

const isTagList = (name: string): boolean => name === 'systemTags' || name === 'userTags';

function masked(value: unknown, secrets: readonly string[], width: (typeof widths)[number]): unknown {
  if (typeof value === 'string') {
    // A table or a JSON text inside a text: whose password it is cannot be told apart from the rest.
    if (/password/i.test(value)) return hiddenSecret;
    const text = hideSecrets(value, secrets);
    return text.length > width.text ? `${text.slice(0, width.text)}... (${text.length} characters)` : text;
  }
  if (Array.isArray(value)) {
    const items = value.slice(0, width.items).map((item) => masked(item, secrets, width));
    return value.length > width.items ? [...items, `... (${value.length} in all)`] : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).slice(0, width.items);
  return Object.fromEntries(
    members.map(([name, member]) => [
      name.slice(0, width.text),
      secretName.test(name) ? hiddenSecret : masked(member, secrets, width),
    ]),
  );
}
