/** What a request target names. */
export type BootPath =
  | { readonly kind: 'artefact'; readonly token: string; readonly artefact: string }
  | { readonly kind: 'loader'; readonly name: string };

/**
 * Reads `/boot/<token>/<artefact>` and `/loader/<name>`; undefined for everything else, so that no odd name reaches the code
 * that looks things up. Takes the absolute form too (RFC 9112 §3.2.2). A query is no part of any of our URLs.
 */
export function parseBootPath(target: string): BootPath | undefined {
  if (target.length > 1024) return undefined;
  const path = decoded(target.replace(/^http:\/\/[^/?#]*/i, ''));
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

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '';
  }
}
