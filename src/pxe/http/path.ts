/** What a request target names. */
export type BootPath =
  | { readonly kind: 'artefact'; readonly token: string; readonly artefact: string }
  /** A file of the install source of a run; `path` is relative, decoded, and made of clean segments. */
  | { readonly kind: 'source'; readonly token: string; readonly path: string }
  | { readonly kind: 'loader'; readonly name: string };

/** Longest path of a file in an install source, bytes of UTF-8 as on Linux (PATH_MAX without its NUL). */
const maxSourcePath = 4095;
const maxSegment = 255;

/**
 * Reads `/boot/<token>/<artefact>`, `/boot/<token>/source/<path>` and `/loader/<name>`; undefined for everything else, so that no
 * odd name reaches the code that looks things up. Takes the absolute form too (RFC 9112 §3.2.2). A query is no part of any of our
 * URLs.
 */
export function parseBootPath(target: string): BootPath | undefined {
  const raw = target.replace(/^http:\/\/[^/?#]*/i, '');
  const source = /^\/boot\/([0-9a-f]{16,128})\/source\/([^?#]+)$/.exec(raw);
  if (source?.[1] !== undefined && source[2] !== undefined) {
    const path = sourcePath(source[2]);
    return path === undefined ? undefined : { kind: 'source', token: source[1], path };
  }
  if (target.length > 1024) return undefined;
  const path = decoded(raw);
  const boot = /^\/boot\/([0-9a-f]{16,128})\/([a-z0-9_-][a-z0-9._-]{0,63})$/.exec(path);
  if (boot?.[1] !== undefined && boot[2] !== undefined) {
    return { kind: 'artefact', token: boot[1], artefact: boot[2] };
  }
  const loader = /^\/loader\/([a-z0-9_-][a-z0-9._-]{0,63})$/.exec(path);
  return loader?.[1] === undefined ? undefined : { kind: 'loader', name: loader[1] };
}

/** A token as it may stand in a log: its first six characters. */
export function maskToken(token: string): string {
  return `${token.slice(0, 6)}...`;
}

/** Split before it is decoded, so that `%2F` is no separator; decoded once, so that `%252e` stays what it says. */
function sourcePath(raw: string): string | undefined {
  const segments = raw.split('/').map(decoded);
  if (!segments.every(isCleanSegment)) return undefined;
  const path = segments.join('/');
  return Buffer.byteLength(path) > maxSourcePath ? undefined : path;
}

function isCleanSegment(segment: string): boolean {
  if (segment === '' || segment === '.' || segment === '..') return false;
  if (/[/\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u{fffd}]/u.test(segment)) return false;
  return Buffer.byteLength(segment) <= maxSegment;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '';
  }
}
