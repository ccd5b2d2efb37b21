import { ApiError } from '../errors.ts';

/** Where a web hook goes. */
export interface HookTarget {
  readonly url: string;
  /** Scheme, host and port. */
  readonly origin: string;
}

/** The URL of an X-Web-Hook header; throws ApiError `bad-request` unless it is a plain http or https URL. */
export function parseHookUrl(text: string): HookTarget {
  const url = text.length <= 2048 && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new ApiError('bad-request', 'X-Web-Hook must be an http or https URL without user and password');
  }
  return { url: url.href, origin: url.origin };
}

/** How often and how far apart a hook is tried. */
export interface HookTries {
  /** Tries `intervalMs` apart, as the product makes them; after those the gaps grow. */
  readonly tries: number;
  readonly intervalMs: number;
}

const longestGapMs = 3600_000;

/**
 * The pause in ms after the `done`-th try failed: `intervalMs` at first, then doubling up to an hour. `jitter` (0 to 1) takes up to a
 * quarter off the growing ones, so that the hooks of one bad hour do not come back together.
 */
export function hookGapMs(done: number, { tries, intervalMs }: HookTries, jitter: number): number {
  if (done < tries) return intervalMs;
  const doubled = intervalMs * 2 ** Math.min(done - tries + 1, 40);
  return Math.round(Math.min(doubled, longestGapMs) * (1 - jitter / 4));
}
