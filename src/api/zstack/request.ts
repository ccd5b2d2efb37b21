import type { FastifyRequest } from 'fastify';
import { ApiError } from '../errors.ts';
import type { RequestParts } from './arrange.ts';
import { isJsonObject } from './body.ts';
import { jobLocation } from './location.ts';
import type { QueryString } from './query.ts';

/** The session uuid of the Authorization header; throws ApiError `bad-request` when the header is missing or of another scheme. */
export function sessionUuidOf(request: FastifyRequest): string {
  const header = request.headers.authorization;
  if (header === undefined) throw new ApiError('bad-request', "missing header 'Authorization'");
  return sessionUuidIn(header);
}

/** As `sessionUuidOf`, of the header's value. */
export function sessionUuidIn(header: string): string {
  if (!header.startsWith('OAuth')) throw new ApiError('bad-request', "Authorization type must be 'OAuth'");
  return header.slice('OAuth'.length).trim().toLowerCase();
}

/** The X-Job-UUID header as the caller wrote it; throws ApiError `bad-request` unless it is 32 hex digits. */
export function jobUuidHeader(request: FastifyRequest): string | undefined {
  const header = request.headers['x-job-uuid'];
  if (header === undefined) return undefined;
  if (typeof header !== 'string' || !/^[0-9a-f]{32}$/i.test(header)) {
    throw new ApiError('bad-request', 'X-Job-UUID must be 32 hex digits');
  }
  return header;
}

/** The three places that parameters come from. */
export function partsOf(request: FastifyRequest): RequestParts {
  return {
    body: isJsonObject(request.body) ? request.body : {},
    query: request.query as QueryString,
    path: request.params as Record<string, string>,
  };
}

/** `address:port` that the request came in on, for callers without a usable Host header. */
function listenHost(request: FastifyRequest): string {
  const { localAddress = '127.0.0.1', localPort = 80 } = request.socket;
  const address = localAddress.replace(/^::ffff:/, '');
  return `${address.includes(':') ? `[${address}]` : address}:${localPort}`;
}

/** Where the job of this request is polled. */
export function locationOf(
  request: FastifyRequest,
  jobUuid: string,
  publicUrl: string | undefined,
): { location: string } {
  const prefix = request.url.startsWith('/zstack/') ? '/zstack/v1' : '/v1';
  const hostHeader = request.headers.host;
  return {
    location: jobLocation({
      publicUrl,
      secure: request.protocol === 'https',
      hostHeader,
      listenHost: listenHost(request),
      prefix,
      jobUuid,
    }),
  };
}

/** Where the caller of this request reached us, up to and with `/v1`. */
export function baseUrlOf(request: FastifyRequest, publicUrl: string | undefined): string {
  return locationOf(request, '', publicUrl).location.replace(/\/api-jobs\/$/, '');
}
