import { fileURLToPath } from 'node:url';
import { badArgument } from '../checks.ts';
import { isInnerPath } from './layouts.ts';
import { type ImageKind, imageKinds, type InstallImage } from './model.ts';

/** What an image is added with. */
export interface InstallImageInput {
  readonly resourceUuid?: string;
  readonly name: string;
  readonly description?: string;
  readonly url: string;
  /** Default: `iso` for a path that ends in `.iso`, else `redirect` for http and https, `directory` for a file. */
  readonly kind?: string;
  /** SHA-256 that the ISO must have. */
  readonly checksum?: string;
  /** Paths inside the source, both or neither; known layouts are looked for without. */
  readonly kernel?: string;
  readonly initrd?: string;
  readonly kernelArguments?: readonly string[];
}

/** The URL in its one spelling, its query apart, with the kind that it has; throws `invalid-argument`. */
export function checkUrl(
  text: string,
  wish: string | undefined,
): Pick<InstallImage, 'url' | 'secretQuery' | 'kind'> {
  const wished = imageKinds.find((one) => one === wish);
  if (wish !== undefined && wished === undefined)
    throw badArgument('kind', `must be one of ${imageKinds.join(', ')}`);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined)
    throw badArgument('url', 'must be a URL such as file:///srv/disc.iso or http://mirror.example/tree');
  if (url.username !== '' || url.password !== '')
    throw badArgument('url', 'must not carry a user or a password');
  if (url.hash !== '') throw badArgument('url', 'must not have a fragment');
  const secretQuery = url.search === '' ? undefined : url.search.slice(1);
  url.search = '';
  if (url.protocol === 'http:' || url.protocol === 'https:') {
    if (wished === 'directory')
      throw badArgument('kind', 'of an http or https URL must be redirect, or iso for a file to download');
    const kind = wished ?? (namesIso(url) ? 'iso' : 'redirect');
    if (kind === 'iso') return { url: url.href, secretQuery, kind };
    if (secretQuery !== undefined)
      throw badArgument('url', 'of a mirror must not have a query; give kind iso for a file to download');
    return { url: url.href.replace(/\/+$/, ''), secretQuery, kind };
  }
  if (url.protocol !== 'file:') throw badArgument('url', 'must begin with file:///, http:// or https://');
  if (url.hostname !== '') throw badArgument('url', 'of a file has no host: write file:///path');
  if (secretQuery !== undefined)
    throw badArgument('url', 'of a file has no query: write %3F for a question mark');
  if (wished === 'redirect') throw badArgument('kind', 'redirect goes with an http or https URL');
  try {
    fileURLToPath(url);
  } catch {
    throw badArgument('url', 'is no path of a file on this machine');
  }
  return { url: url.href, secretQuery, kind: wished ?? (namesIso(url) ? 'iso' : 'directory') };
}

function namesIso({ pathname }: URL): boolean {
  return pathname.toLowerCase().endsWith('.iso');
}

/** 64 hex digits, in lower case; throws `invalid-argument`. */
export function checkChecksum(text: string | undefined, kind: ImageKind): string | undefined {
  if (text === undefined) return undefined;
  if (kind !== 'iso') throw badArgument('checksum', `goes with an ISO only, not with kind ${kind}`);
  const sum = text
    .trim()
    .toLowerCase()
    .replace(/^sha256:/, '');
  if (!/^[0-9a-f]{64}$/.test(sum)) throw badArgument('checksum', 'must be a SHA-256, 64 hex digits');
  return sum;
}

/** A path inside the source; throws `invalid-argument`. */
export function checkInnerPath(parameter: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const inner = path.trim().replace(/^\/+/, '');
  if (!isInnerPath(inner))
    throw badArgument(parameter, 'must be a path inside the source such as images/pxeboot/vmlinuz');
  return inner;
}

/** Kernel arguments as the boot script takes them; throws `invalid-argument`. */
export function checkKernelArguments(list: readonly string[] | undefined): readonly string[] {
  for (const argument of list ?? []) {
    if (!/^[!-~]([ -~]*[!-~])?$/.test(argument))
      throw badArgument('kernelArguments', 'must be printable ASCII without spaces around');
  }
  return list ?? [];
}
