import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { RandomBytes } from '../../base/random.ts';
import type { Uuid } from '../../base/uuid.ts';
import { newUuid } from '../../base/uuid.ts';
import { ApiError } from '../errors.ts';
import { createArgumentChecker } from './arguments.ts';
import { chooseApi } from './arrange.ts';
import { isJsonObject } from './body.ts';
import type { CallDeps, Row } from './call.ts';
import { createCallRunner, secretsOf } from './call.ts';
import { type ApiDefinition, FileAnswer } from './definition.ts';
import { hideSecrets, toZstackError } from './errors.ts';
import type { JobOrder, Jobs } from './jobs.ts';
import { silentProgress } from './progress.ts';
import { baseUrlOf, jobUuidHeader, locationOf, partsOf, sessionUuidOf } from './request.ts';
import { parseHookUrl } from './webhook.ts';

/** What dispatching needs. */
export interface DispatchDeps extends CallDeps {
  readonly jobs: Jobs;
  readonly log: Logger;
  readonly random: RandomBytes;
  readonly publicUrl: string | undefined;
}

/** Paths of both spellings. */
export const apiPrefixes = ['/zstack/v1', '/v1'] as const;

/** What a machine shows can be secret: nobody keeps it on the way. */
function sendFile(reply: FastifyReply, { contentType, body, fileName }: FileAnswer): FastifyReply {
  reply.header('Cache-Control', 'no-store').header('X-Content-Type-Options', 'nosniff').type(contentType);
  if (fileName !== undefined) reply.header('Content-Disposition', `attachment; filename="${fileName}"`);
  return reply.send(body instanceof Uint8Array ? Buffer.from(body) : body);
}

/** Registers every API of the table under both prefixes; APIs that share method and path share a route. */
export function registerApis(app: FastifyInstance, apis: readonly ApiDefinition[], deps: DispatchDeps): void {
  const { sessions, jobs, log, random, publicUrl } = deps;
  const run = createCallRunner(deps);

  const answerNow = async (row: Row, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const parts = partsOf(request);
    try {
      const jobUuid = jobUuidHeader(request)?.toLowerCase();
      const caller =
        row.access === 'anybody' ? undefined : await sessions.authenticate(sessionUuidOf(request));
      const baseUrl = baseUrlOf(request, publicUrl);
      const remoteAddress = request.ip;
      const call = { row, parts, caller, remoteAddress, baseUrl, jobUuid, progress: silentProgress };
      const answer = await run(call);
      return answer instanceof FileAnswer ? sendFile(reply, answer) : reply.send(answer);
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
    // Now: a socket that closes before the job runs takes its address along.
    const remoteAddress = request.ip;
    const baseUrl = baseUrlOf(request, publicUrl);
    const jobHeader = jobUuidHeader(request);
    const hookHeader = request.headers['x-web-hook'];
    const target = hookHeader === undefined ? undefined : parseHookUrl(String(hookHeader));
    // A bad session is told through the job. Such a caller gets no web hook: it could aim us at anybody.
    let denial: unknown;
    const caller = await sessions.authenticate(sessionUuidOf(request)).catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
      denial = error;
      return undefined;
    });
    const uuid = (jobHeader?.toLowerCase() ?? newUuid(random)) as Uuid;
    const hasHook = target !== undefined && caller !== undefined;
    const order: JobOrder = {
      uuid,
      api: row.name,
      accountUuid: caller?.account.uuid,
      ...(hasHook ? { hook: { ...target, headerUuid: jobHeader ?? uuid } } : {}),
      secrets: secretsOf(row, parts),
      run: async (progress) => {
        if (caller === undefined) throw denial;
        return run({ row, parts, caller, remoteAddress, baseUrl, jobUuid: uuid, progress });
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
        onRequest(request, _reply, done) {
          try {
            if (first.access !== 'anybody') sessionUuidOf(request);
          } catch (error) {
            return done(error instanceof Error ? error : new Error('unreadable header'));
          }
          done();
        },
        handler: async (request, reply) => {
          const row = chooseApi(rows, isJsonObject(request.body) ? request.body : {});
          return row.async ? answerLater(row, request, reply) : answerNow(row, request, reply);
        },
      });
    }
  }
}
