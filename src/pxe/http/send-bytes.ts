import { messageOf } from '../../base/errors.ts';
import { answer, type Exchange, factsOf, tell } from './exchange.ts';
import { worthTelling } from './progress.ts';
import { isFresh, parseRange, rangeApplies, versionOf } from './range.ts';
import type { ByteSource } from './resource.ts';
import { type Downloads, streamBytes } from './stream-bytes.ts';

/**
 * Streams bytes with Range, If-Range, ETag and HEAD; resolves when the answer is over, also when it broke off. Bytes in events
 * are positions in the whole file, and `done` means that its last byte left: a part from the middle ends without `done`.
 */
export async function sendBytes(
  x: Exchange,
  source: ByteSource,
  contentType: string,
  downloads: Downloads,
): Promise<void> {
  const { req, res } = x;
  if (res.destroyed) return;
  const { size } = source;
  const version = versionOf(size, source.modifiedMs);
  const headers = {
    'content-type': contentType,
    'accept-ranges': 'bytes',
    etag: version.etag,
    'last-modified': version.lastModified,
  };
  const conditions = {
    ifNoneMatch: req.headers['if-none-match'],
    ifModifiedSince: req.headers['if-modified-since'],
  };
  if (isFresh(conditions, version)) {
    res.writeHead(304, headers).end();
    return;
  }
  // RFC 9110 §14.2: Range means something for GET only.
  const asked = req.method === 'GET' && rangeApplies(first(req.headers['if-range']), version);
  const part = parseRange(asked ? req.headers.range : undefined, size);
  if (part.kind === 'unsatisfiable') {
    return answer(x, 416, 'the range begins past the end', { 'content-range': `bytes */${size}` });
  }
  const [start, end] = part.kind === 'part' ? [part.start, part.end] : [0, size - 1];
  const length = end - start + 1;
  res.writeHead(part.kind === 'part' ? 206 : 200, {
    ...headers,
    'content-length': length,
    ...(part.kind === 'part' ? { 'content-range': `bytes ${start}-${end}/${size}` } : {}),
  });
  if (req.method === 'HEAD') {
    res.end();
    return;
  }
  await sendPart(x, source, { start, length }, downloads);
}

async function sendPart(
  x: Exchange,
  source: ByteSource,
  part: { readonly start: number; readonly length: number },
  downloads: Downloads,
): Promise<void> {
  const { size } = source;
  let at = part.start;
  let told = { bytes: at, at: x.clock.now() };
  tell(x, 'start', at, size);
  try {
    await streamBytes(x.res, source, part, downloads, (position) => {
      at = position;
      const now = { bytes: at, at: x.clock.now() };
      if (at === size || !worthTelling(told, now, size)) return;
      told = now;
      tell(x, 'progress', at, size);
    });
    if (at === size) tell(x, 'done', at, size);
  } catch (error) {
    // Without the missing bytes the client sees a broken download, not a short file.
    x.res.destroy();
    const reason = `broke off near byte ${at} of ${size}: ${messageOf(error)}`;
    x.log.warn({ ...factsOf(x), reason }, 'a boot download broke off');
    tell(x, 'failed', at, size, reason);
  }
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
