import { KvmError } from '../errors.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  // As they are, attributes would lose them.
  '\t': '&#9;',
  '\n': '&#10;',
};

/** Neither XML nor libvirt has a way to write these. XML 1.0 §2.2 */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const unwritable = /[\u{0}-\u{8}\u{B}-\u{1F}\u{7F}-\u{9F}\u{FFFE}\u{FFFF}\p{Cs}]/u;

/**
 * A value as it stands in an element or a quoted attribute; throws KvmError `invalid-argument` for control characters beside tab and
 * line feed.
 */
export function escapeXml(value: string): string {
  if (unwritable.test(value)) {
    throw new KvmError(
      'invalid-argument',
      `${JSON.stringify(value.slice(0, 80))} has characters that a VM's definition cannot hold; leave control characters out`,
    );
  }
  return value.replaceAll(/[&<>"'\t\n]/g, (found) => entities[found] ?? found);
}
