import { type FileHandle, open } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { messageOf } from '../../base/errors.ts';
import { answer, type Exchange, factsOf, refuse, tell } from './exchange.ts';
import { worthTelling } from './progress.ts';
import { isFresh, parseRange, rangeApplies, versionOf } from './range.ts';

/**
 * Streams a file with Range, If-Range, ETag and HEAD; resolves when the answer is over, also when it broke off. Bytes in events
 * are positions in the whole file, and `done` means that its last byte left: a part from the middle ends without `done`.
 */
export async function sendFile(
  x: Exchange,
  file: { readonly path: string; readonly contentType: string },
): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file.path, 'r');
    const stat = await handle.stat();
    if (!stat.isFile()) throw new Error('not a regular file');
    await sendOpened(x, handle, file.contentType, stat.size, stat.mtimeMs);
  } catch (error) {
    x.log.error({ ...factsOf(x), path: file.path, error: messageOf(error) }, 'a boot file cannot be read');
    refuse(x, 503, `the file for ${x.artefact} cannot be read on the server; its log has the reason`);
  } finally {
    await handle?.close().catch(() => {}); // a stream that ended has closed it already
  }
}

async function sendOpened(
  x: Exchange,
  handle: FileHandle,
  contentType: string,
  size: number,
  modifiedMs: number,
): Promise<void> {
  const { req, res } = x;
  if (res.destroyed) return;
  const version = versionOf(size, modifiedMs);
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
  const asked = req.method === 'GET' && rangeApplies(header(req.headers['if-range']), version);
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
  await stream(x, handle, start, length, size);
}

async function stream(
  x: Exchange,
  handle: FileHandle,
  start: number,
  length: number,
  size: number,
): Promise<void> {
  const { res } = x;
  const end = start + length;
  let at = start;
  let told = { bytes: start, at: x.clock.now() };
  tell(x, 'start', start, size);
  try {
    if (length === 0) await ended(res, undefined);
    const source =
      length === 0 ? [] : handle.createReadStream({ start, end: end - 1, highWaterMark: 256 * 1024 });
    for await (const chunk of source as AsyncIterable<Buffer>) {
      at += chunk.length;
      // The last bytes go out with the end in one step: a client closes as soon as it has them, and a close before our end
      // would look like a broken download.
      await (at === end ? ended(res, chunk) : written(res, chunk));
      const now = { bytes: at, at: x.clock.now() };
      if (at < size && worthTelling(told, now, size)) {
        told = now;
        tell(x, 'progress', at, size);
      }
    }
    if (at !== end) throw new Error('the file became shorter while it was sent');
    if (at === size) tell(x, 'done', at, size);
  } catch (error) {
    // Without the missing bytes the client sees a broken download, not a short file.
    res.destroy();
    const reason = `broke off near byte ${at} of ${size}: ${messageOf(error)}`;
    x.log.warn({ ...factsOf(x), reason }, 'a boot download broke off');
    tell(x, 'failed', at, size, reason);
  }
}

/** Writes with back-pressure; rejects when the client is gone. */
function written(res: ServerResponse, chunk: Buffer): Promise<void> {
  return res.write(chunk) && !res.destroyed ? Promise.resolve() : settled(res, 'drain');
}

/** Writes the last bytes; resolves when the kernel has them all. */
function ended(res: ServerResponse, chunk: Buffer | undefined): Promise<void> {
  const promise = settled(res, 'finish');
  res.end(chunk);
  return promise;
}

function settled(res: ServerResponse, event: 'drain' | 'finish'): Promise<void> {
  return new Promise((resolve, reject) => {
    const good = (): void => {
      res.off('close', gone);
      resolve();
    };
    const gone = (): void => {
      res.off(event, good);
      reject(new Error('the client closed the connection, or nothing moved for too long'));
    };
    if (res.destroyed) return gone();
    res.once(event, good);
    res.once('close', gone);
  });
}

function header(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
