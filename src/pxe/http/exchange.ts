import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../base/clock.ts';
import type { Ipv4 } from '../../base/ipv4.ts';
import type { Logger } from '../../base/log.ts';
import type { PxeEvent, PxeEventSink } from '../ports.ts';
import { maskToken } from './path.ts';

/** One request with what is needed to answer it. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly client: Ipv4;
  /** Empty for a loader. */
  readonly token: string;
  /** Name of the artefact or of the loader. */
  readonly artefact: string;
  readonly events: PxeEventSink;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Facts of an exchange for the log; the token only in part. */
export function factsOf(x: Exchange): Record<string, unknown> {
  const { client, artefact, token } = x;
  return { client, artefact, ...(token === '' ? {} : { token: maskToken(token) }) };
}

/** Tells the sink about a step of a download. */
export function tell(
  x: Exchange,
  phase: (PxeEvent & { kind: 'http' })['phase'],
  bytes: number,
  total: number,
  reason?: string,
): void {
  const { client, token, artefact } = x;
  x.events({
    kind: 'http',
    phase,
    client,
    token,
    artefact,
    bytes,
    total,
    ...(reason === undefined ? {} : { reason }),
  });
}

/** Ends an exchange with a short plain text. Does nothing when the connection is gone or an answer was begun. */
export function answer(
  { req, res }: Pick<Exchange, 'req' | 'res'>,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (res.headersSent || res.destroyed) return;
  const body = Buffer.from(text.endsWith('\n') || text === '' ? text : `${text}\n`);
  res.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': body.length,
    'cache-control': 'no-store',
    ...headers,
  });
  res.end(req.method === 'HEAD' ? undefined : body);
}

/**
 * Ends an exchange that cannot be served, and says why where a person looks: iPXE shows its user only the status. Of a file that an
 * install source does not have nothing is told: installers look for many that few sources have.
 */
export function refuse(x: Exchange, status: number, reason: string): void {
  if (status === 404 && x.artefact.startsWith('source/')) return answer(x, status, reason);
  x.log.warn({ ...factsOf(x), status, reason }, 'boot HTTP request refused');
  if (x.req.method !== 'HEAD') tell(x, 'failed', 0, 0, reason);
  answer(x, status, reason);
}
