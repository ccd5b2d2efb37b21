import type { FastifyRequest } from 'fastify';
import { errorBody, toZstackError, type ErrorBody, type ZstackErrorCode } from '../zstack/errors.ts';
import type { Opened, OpenTicket } from './kinds.ts';
import { isOwnOrigin } from './origin.ts';

/** Why a stream is not opened. */
export interface Refusal {
  readonly status: number;
  readonly code: ZstackErrorCode;
  readonly text: string;
}

/** The refusal as clients get it. */
export function refusalBody({ code, text }: Refusal): ErrorBody {
  return errorBody(code, text);
}

const refusal = (status: number, code: ZstackErrorCode, text: string) => ({
  refusal: { status, code, text },
});

/** What the handshake needs, checked before the ticket is used up. RFC 6455 §4.2.1 */
function isHandshake({ headers }: FastifyRequest): boolean {
  const key = headers['sec-websocket-key'];
  const version = headers['sec-websocket-version'];
  return typeof key === 'string' && /^[+/0-9A-Za-z]{22}==$/.test(key) && version === '13';
}

/** The ticket of a request, from its path or, for plain VNC viewers, from its query; '' without one. */
function ticketOf({ params, query }: FastifyRequest): string {
  const { ticket } = params as { ticket?: string };
  const { token } = query as { token?: unknown };
  return ticket ?? (typeof token === 'string' ? token : '');
}

/** Gives an opened ticket back that nobody will use. */
export function abandon(opened: Opened): void {
  if ('stream' in opened) opened.stream.destroy();
  else opened.abandon();
}

/**
 * Opens the ticket of a request that may have it opened; refusals never name the ticket. Unexpected faults go to `report`. The ticket
 * is the credential; a caller that shows a session too must be of the ticket's account.
 */
export async function admit(
  request: FastifyRequest,
  asked: {
    readonly publicUrl: string | undefined;
    readonly full: boolean;
    readonly open: OpenTicket;
    readonly accountOf: (authorization: string) => Promise<string>;
  },
  report: (error: unknown) => void,
): Promise<{ readonly opened: Opened } | { readonly refusal: Refusal }> {
  const { origin, host, authorization } = request.headers;
  if (!request.ws) return refusal(426, 'SYS.1015', 'this is a WebSocket; connect with an upgrade (RFC 6455)');
  if (!isOwnOrigin(origin, { protocol: request.protocol, host, publicUrl: asked.publicUrl })) {
    const text =
      'pages of another origin may not open streams; set api.publicUrl to the address that browsers use';
    return refusal(403, 'ID.1002', text);
  }
  if (!isHandshake(request)) {
    return refusal(400, 'SYS.1015', 'Sec-WebSocket-Key or Sec-WebSocket-Version (13) is missing or wrong');
  }
  if (asked.full)
    return refusal(503, 'SYS.1006', 'too many streams are open; close one and take a new ticket');
  const ticket = ticketOf(request);
  try {
    const shown =
      authorization?.startsWith('OAuth') === true ? await asked.accountOf(authorization) : undefined;
    const opened = /^[0-9a-f]{64}$/.test(ticket) ? await asked.open(ticket) : undefined;
    if (opened !== undefined && shown !== undefined && shown !== (opened.accountUuid ?? shown)) {
      abandon(opened);
      return refusal(
        403,
        'ID.1002',
        'the ticket is of another account than the session; take one of your own',
      );
    }
    if (opened !== undefined) return { opened };
    return refusal(404, 'SYS.1003', 'the ticket is unknown, used or expired; take a new one');
  } catch (error) {
    const { status, body, expected } = toZstackError(error, [ticket]);
    if (!expected) report(error);
    return refusal(status, body.error.code, body.error.details);
  }
}
