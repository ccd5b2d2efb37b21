import type { BootResource } from '../ports.ts';
import { type Exchange, factsOf, tell } from './exchange.ts';

/**
 * Sends a text made for this read and settles it exactly once. When the last byte is with the kernel we close our half of the
 * connection; the client's own close, without a reset, is the proof that it was alive and took everything (`delivered`). A reset,
 * a close before the end, or silence until the idle time is `broken`. HEAD is always `broken`: it read nothing.
 * Resolves when settled.
 */
export async function sendText(x: Exchange, text: BootResource & { kind: 'text' }): Promise<void> {
  const { req, res } = x;
  const { socket } = req;
  const body = Buffer.from(text.body);
  const total = body.length;
  const head = req.method === 'HEAD';
  if (!head) tell(x, 'start', 0, total);

  const clean = await new Promise<boolean>((resolve) => {
    if (res.destroyed || socket.destroyed) return resolve(false);
    let finished = false;
    socket.once('close', (failed) => resolve(finished && !failed && socket.readableEnded));
    res.once('finish', () => {
      finished = true;
      if (head) resolve(false);
      else socket.end();
    });
    if (!head) {
      // Otherwise Node closes both halves at once for a client that said `Connection: close`, and nothing can be proven.
      res.shouldKeepAlive = true;
      res.removeHeader('connection');
    }
    res.writeHead(200, {
      'content-type': text.contentType,
      'content-length': total,
      'cache-control': 'no-store',
    });
    res.end(head ? undefined : body);
  });

  if (clean) text.delivered?.();
  else text.broken?.();
  if (head) return;
  x.log.info({ ...factsOf(x), bytes: total, clean }, 'boot text sent');
  tell(x, clean ? 'done' : 'failed', clean ? total : 0, total, clean ? undefined : 'the read broke off');
}
