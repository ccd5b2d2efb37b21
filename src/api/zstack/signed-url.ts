import { hiddenSecret } from './envelope.ts';

/**
 * The parts of a URL that can be secret, to be kept out of every text: what stands behind its question mark or hash, and the user and the
 * password before its host. The text need not be a URL.
 */
export function secretPartsOf(url: string): readonly string[] {
  const { user, rest } = split(url);
  return [user.slice(0, -1), rest.slice(1)].filter((part) => part !== '');
}

/** The URL with stars in place of those parts. */
export function hideSecretParts(url: string): string {
  const { scheme, user, middle, rest } = split(url);
  return `${scheme}${user === '' ? '' : `${hiddenSecret}@`}${middle}${rest === '' ? '' : `${rest.slice(0, 1)}${hiddenSecret}`}`;
}

/** As browsers take URLs apart: any number of slashes, either way, and the last `@` of an authority. */
function split(url: string) {
  const [, scheme = '', user = '', middle = '', rest = ''] =
    /^([^:/\\?#@]*:[/\\]*)?([^/\\?#]*@)?([^?#]*)([^]*)$/.exec(url) ?? [];
  return { scheme, user, middle, rest };
}
