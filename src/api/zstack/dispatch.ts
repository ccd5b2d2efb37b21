import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { RandomBytes } from '../../base/random.ts';
import type { Uuid } from '../../base/uuid.ts';
import { newUuid } from '../../base/uuid.ts';
import type { Caller, Sessions } from '../auth/sessions.ts';
import { ApiError } from '../errors.ts';
import type { ArgumentChecker } from './arguments.ts';
import { createArgumentChecker } from './arguments.ts';
import type { RequestParts } from './arrange.ts';
import { chooseApi, rawArguments, systemTagsOf } from './arrange.ts';
import { isJsonObject } from './body.ts';
import type { ApiContext, ApiDefinition } from './definition.ts';
import { hideSecrets, toZstackError } from './errors.ts';
import type { JobOrder, Jobs } from './jobs.ts';
import { jobLocation } from './location.ts';
import type { QueryString } from './query.ts';
import type { WebHooks } from './webhook.ts';
import { parseHookUrl } from './webhook.ts';

/** What dispatching needs. */
export interface DispatchDeps {
  readonly sessions: Sessions;
  readonly jobs: Jobs;
  readonly hooks: WebHooks;
  readonly log: Logger;
  readonly random: RandomBytes;
  readonly publicUrl: string | undefined;
  readonly contextFor: (caller: Caller | undefined) => ApiContext;
}

/** Paths of both spellings. */
export const apiPrefixes = ['/zstack/v1', '/v1'] as const;

type Row = ApiDefinition & { readonly checker: ArgumentChecker };

function sessionUuidOf(request: FastifyRequest): string {
  const header = request.headers.authorization;
  if (header === undefined) throw new ApiError('bad-request', "missing header 'Authorization'");
  if (!header.startsWith('OAuth')) throw new ApiError('bad-request', "Authorization type must be 'OAuth'");
  return header.slice('OAuth'.length).trim().toLowerCase();
}

function jobUuidHeader(request: FastifyRequest): string | undefined {
  const header = request.headers['x-job-uuid'];
  if (header === undefined) return undefined;
  if (typeof header !== 'string' || !/^[0-9a-f]{32}$/i.test(header)) {
    throw new ApiError('bad-request', 'X-Job-UUID must be 32 hex digits');
  }
  return header;
}

function partsOf(request: FastifyRequest): RequestParts {
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
    location: jobLocation({ publicUrl, hostHeader, listenHost: listenHost(request), prefix, jobUuid }),
  };
}

function authorize(row: Row, caller: Caller | undefined): void {
  if (row.access === 'admin' && caller?.account.type !== 'SystemAdmin') {
    throw new ApiError('denied', `API ${row.name} is for administrators only`);
  }
}

/** Registers every API of the table under both prefixes; APIs that share method and path share a route. */
export function registerApis(app: FastifyInstance, apis: readonly ApiDefinition[], deps: DispatchDeps): void {
  const { sessions, jobs, hooks, log, random, publicUrl, contextFor } = deps;

  const runChecked = (row: Row, request: FastifyRequest, parts: RequestParts, caller: Caller | undefined) => {
    authorize(row, caller);
    const params = row.checker.check(rawArguments(row, parts));
    const systemTags = systemTagsOf(row, parts);
    // The product's dry run. What only the domain checks is not checked by it.
    if (row.async && systemTags.includes('validationOnly')) return Promise.resolve({});
    const { query } = parts;
    const context = contextFor(caller);
    return row.run({ context, params, systemTags, query, caller, remoteAddress: request.ip });
  };

  const secretsOf = (row: Row, parts: RequestParts): readonly string[] => {
    const inner = row.keys.map((key) => parts.body[key]).find(isJsonObject);
    return row.checker.secretsOf(inner ?? {});
  };

  const answerNow = async (row: Row, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const parts = partsOf(request);
    try {
      jobUuidHeader(request);
      const caller =
        row.access === 'anybody' ? undefined : await sessions.authenticate(sessionUuidOf(request));
      return reply.send(await runChecked(row, request, parts, caller));
    } catch (error) {
      const secrets = secretsOf(row, parts);
      const { status, body, expected } = toZstackError(error, secrets);
      if (!expected) log.error({ api: row.name, err: hideSecrets(messageOf(error), secrets) }, 'call failed');
      return reply.code(status).send(body);
    }
  };

  const answerLater = async (
    row: Row,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> => {
    const parts = partsOf(request);
    const jobHeader = jobUuidHeader(request);
    const hookHeader = request.headers['x-web-hook'];
    const hookUrl = hookHeader === undefined ? undefined : parseHookUrl(String(hookHeader));
    // A bad session is told through the job. Such a caller gets no web hook: it could aim us at anybody.
    let denial: unknown;
    const caller = await sessions.authenticate(sessionUuidOf(request)).catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
      denial = error;
      return undefined;
    });
    const uuid = (jobHeader?.toLowerCase() ?? newUuid(random)) as Uuid;
    const order: JobOrder = {
      uuid,
      api: row.name,
      accountUuid: caller?.account.uuid,
      secrets: secretsOf(row, parts),
      run: async () => {
        if (caller === undefined) throw denial;
        return runChecked(row, request, parts, caller);
      },
      ended({ success, body }) {
        if (hookUrl === undefined || caller === undefined) return;
        hooks.send({ url: hookUrl, jobUuid: jobHeader ?? uuid, success, body });
      },
    };
    if (!(await jobs.accept(order))) {
      throw new ApiError('bad-request', 'X-Job-UUID is in use by an earlier call; choose a new one');
    }
    // Not when the answer is out: a caller that hangs up must not keep an accepted job from running.
    setImmediate(() => jobs.start(order));
    return reply.code(202).send(locationOf(request, uuid, publicUrl));
  };

  const groups = new Map<string, Row[]>();
  for (const api of apis) {
    const key = `${api.method} ${api.path}`;
    const row: Row = { ...api, checker: createArgumentChecker(api.name, api.params) };
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  for (const prefix of apiPrefixes) {
    for (const rows of groups.values()) {
      const [first] = rows;
      if (first === undefined) continue;
      app.route({
        method: first.method,
        url: `${prefix}${first.path}`,
        // Before the body is read: a caller without the header cannot make us parse a megabyte.
        onRequest: async (request) => {
          if (first.access !== 'anybody') sessionUuidOf(request);
        },
        handler: async (request, reply) => {
          const row = chooseApi(rows, isJsonObject(request.body) ? request.body : {});
          return row.async ? answerLater(row, request, reply) : answerNow(row, request, reply);
        },
      });
    }
  }
}
