/** The part of a file that a request asks for; `start` and `end` are inclusive byte positions. */
export type RequestedPart =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' };

/**
 * Reads a Range header for a file of `size` bytes. No header, another unit, bad syntax or several ranges give the whole file,
 * as RFC 9110 §14.2 permits; a range that begins past the end is unsatisfiable (416).
 */
export function parseRange(header: string | undefined, size: number): RequestedPart {
  const match = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(header ?? '');
  const [first, last] = [match?.[1] ?? '', match?.[2] ?? ''];
  if (first === '' && last === '') return { kind: 'whole' };
  if (first.length > 15 || last.length > 15) return { kind: 'unsatisfiable' };
  if (first === '') {
    const length = Number(last);
    if (length === 0 || size === 0) return { kind: 'unsatisfiable' };
    return { kind: 'part', start: Math.max(0, size - length), end: size - 1 };
  }
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < start) return { kind: 'whole' };
  return start >= size ? { kind: 'unsatisfiable' } : { kind: 'part', start, end };
}

/** Identity of one version of a file. `lastModified` is in whole seconds as HTTP dates are. */
export interface FileVersion {
  readonly etag: string;
  readonly lastModified: string;
}

/** ETag and date from size (bytes) and time of last change (ms since the epoch). */
export function versionOf(size: number, modifiedMs: number): FileVersion {
  const ms = Math.max(0, Math.floor(modifiedMs));
  return { etag: `"${size.toString(16)}-${ms.toString(16)}"`, lastModified: new Date(ms).toUTCString() };
}

/** True when a Range header counts: there is no If-Range, or it names exactly this version. RFC 9110 §13.1.5 */
export function rangeApplies(ifRange: string | undefined, version: FileVersion): boolean {
  return ifRange === undefined || ifRange === version.etag || ifRange === version.lastModified;
}

/** True when the client's copy is this version (304). If-None-Match wins over If-Modified-Since. RFC 9110 §13.2.2 */
export function isFresh(
  headers: { readonly ifNoneMatch: string | undefined; readonly ifModifiedSince: string | undefined },
  version: FileVersion,
): boolean {
  if (headers.ifNoneMatch !== undefined) {
    const tags = headers.ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
    return tags.includes('*') || tags.includes(version.etag);
  }
  const since = Date.parse(headers.ifModifiedSince ?? '');
  return !Number.isNaN(since) && Date.parse(version.lastModified) <= since;
}
