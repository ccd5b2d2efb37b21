import type { FastifyRequest } from 'fastify';
import { errorBody, toZstackError, type ErrorBody, type ZstackErrorCode } from '../zstack/errors.ts';
import type { OpenedStream, OpenTicket } from './kinds.ts';
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

/** Opens the ticket of a request that may have it opened; refusals never name the ticket. Unexpected faults go to `report`. */
export async function admit(
  request: FastifyRequest,
  asked: { readonly publicUrl: string | undefined; readonly full: boolean; readonly open: OpenTicket },
  report: (error: unknown) => void,
): Promise<{ readonly opened: OpenedStream } | { readonly refusal: Refusal }> {
  const { origin, host } = request.headers;
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
  const { ticket = '' } = request.params as { ticket?: string };
  try {
    const opened = /^[0-9a-f]{64}$/.test(ticket) ? await asked.open(ticket) : undefined;
    if (opened !== undefined) return { opened };
    return refusal(404, 'SYS.1003', 'the ticket is unknown, used or expired; take a new one');
  } catch (error) {
    const { status, body, expected } = toZstackError(error, [ticket]);
    if (!expected) report(error);
    return refusal(status, body.error.code, body.error.details);
  }
}
