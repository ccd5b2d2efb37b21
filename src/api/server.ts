import type { AddressInfo } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import fastify from 'fastify';
import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { createAccountService } from './auth/accounts.ts';
import { createSessions } from './auth/sessions.ts';
import { watchSessions } from './auth/session-watch.ts';
import { registerConsolePage } from './console-page.ts';
import { consoleStreams } from './console-streams.ts';
import { createContexts } from './context.ts';
import { ApiError } from './errors.ts';
import { answerBrokenRequest, httpLimits, serverLimits, watchConnections } from './http.ts';
import { openManagementNode } from './management-node.ts';
import { openApiDocument } from './openapi/document.ts';
import { registerDocs } from './openapi/routes.ts';
import type { ApiDeps, ApiHandle, ApiOptions, FullApiOptions } from './options.ts';
import { checkApiOptions } from './options.ts';
import { apiTable } from './routes/index.ts';
import { registerJobs } from './routes/jobs.ts';
import { parseJsonBody } from './zstack/body.ts';
import { apiPrefixes, registerApis } from './zstack/dispatch.ts';
import { createDateFormat } from './zstack/envelope.ts';
import { toZstackError } from './zstack/errors.ts';
import { registerForeign } from './zstack/foreign.ts';
import { registerStreams } from './streams/register.ts';
import { sessionUuidIn } from './zstack/request.ts';
import { createUnrouted } from './zstack/unrouted.ts';
import { createApiWork } from './work.ts';

const closeMs = 5000;
const sweepMs = 3600_000;

function newServer(options: FullApiOptions): FastifyInstance {
  return fastify({
    logger: false,
    bodyLimit: options.bodyLimitBytes,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 512 },
    ...serverLimits(httpLimits, options.tls),
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (_error, _request, reply) => {
      const { status, body } = toZstackError(new ApiError('bad-request', 'the URL is malformed or too long'));
      void (reply as FastifyReply).code(status).send(body);
    },
  });
}

/** Bodies are JSON whatever Content-Type says: real clients send none, or a form's. */
function readAnyBodyAsJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
    try {
      done(null, parseJsonBody(String(text)));
    } catch (error) {
      done(error instanceof Error ? error : new Error('unreadable body'));
    }
  });
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.headers['content-type'] !== undefined || request.headers['content-length'] !== undefined) {
      request.headers['content-type'] = 'application/json';
    } else if (request.headers['transfer-encoding'] !== undefined) {
      request.headers['content-type'] = 'application/json';
    }
    done();
  });
}

function answerErrors(app: FastifyInstance, log: Logger): void {
  const toApiError = (error: FastifyError): unknown => {
    if (error instanceof ApiError || error.statusCode === undefined) return error;
    if (error.statusCode === 413) return new ApiError('too-large', 'the body is too large');
    return error.statusCode < 500 ? new ApiError('bad-request', 'the request is malformed') : error;
  };
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const { status, body, expected } = toZstackError(toApiError(error));
    const route = request.routeOptions.url ?? 'none';
    if (!expected) log.error({ route, err: messageOf(error) }, 'request failed');
    return reply.code(status).send(body);
  });
}

function logRequests(app: FastifyInstance, log: Logger): void {
  app.addHook('onResponse', (request, reply, done) => {
    // The pattern, never the URL: session paths hold a session's uuid, query strings hold what people search for.
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none');
    const facts = {
      method: request.method,
      route,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    };
    if (route.endsWith('/api-jobs/:uuid')) log.debug(facts, 'request');
    else log.info(facts, 'request');
    done();
  });
}

/** Deletes dead sessions hourly; the answer stops it. */
function sweepSessions({ accounts, clock, log }: ApiDeps): () => void {
  let stop = (): void => {};
  const again = (): void => {
    stop = clock.after(sweepMs, () => {
      accounts.deleteSessionsExpiredBefore(clock.now()).catch((error: unknown) => {
        log.error({ err: messageOf(error) }, 'old sessions could not be deleted');
      });
      again();
    });
  };
  again();
  return () => stop();
}

/**
 * Starts the ZStack-compatible API. Ends jobs that an earlier process left running before it listens. Rejects with ApiError
 * `bad-option` or `listen-failed`.
 */
export async function createApi(given: ApiOptions, deps: ApiDeps): Promise<ApiHandle> {
  const options = checkApiOptions(given);
  const { service, query, clock, random, log } = deps;
  const { platform, hosts, vms, usb, catalogue, iommu, consoles, look } = deps;
  const { passwordCost } = options;
  const sessionWatch = watchSessions({
    accounts: deps.accounts,
    clock,
    log,
    ended: (sessionUuid) => consoles.revokeSession(sessionUuid),
  });
  const { accounts } = sessionWatch;
  const sessions = createSessions({
    accounts,
    clock,
    random,
    passwordCost,
    sessionSeconds: () => platform.settings.get('identity.session.timeout'),
    maxFailures: () => platform.settings.get('identity.login.maxFailuresPerMinute'),
    maxSessions: () => platform.settings.get('identity.session.maxConcurrent'),
  });
  const work = createApiWork(deps, options.webHook);
  const { jobs, auditor, progress } = work;
  const style = { formatDate: createDateFormat(options.timeZone), revealSecrets: options.revealSecrets };
  const managementNode = await openManagementNode({
    store: deps.managementNode,
    clock,
    random,
    log,
    hostName: options.publicUrl === undefined ? deps.hostName : new URL(options.publicUrl).hostname,
    rackwrightVersion: deps.version,
  });
  const contextFor = createContexts({
    service,
    platform,
    hosts,
    vms,
    usb,
    catalogue,
    iommu,
    consoles,
    consolePicture: deps.consolePicture ?? (async () => undefined),
    sessionWatch,
    look,
    accounts: createAccountService({ accounts, clock, random, passwordCost }),
    sessions,
    progress,
    managementNode,
    query,
    style,
  });

  const app = newServer(options);
  readAnyBodyAsJson(app);
  answerErrors(app, log);
  logRequests(app, log);
  const connections = watchConnections(app.server, httpLimits);
  const unrouted = createUnrouted(app);
  const { publicUrl } = options;
  const dispatch = { sessions, auditor, jobs, clock, log, random, publicUrl, contextFor };
  registerApis(app, apiTable, dispatch);
  registerForeign(app, apiPrefixes, apiTable);
  registerJobs(app, { jobs, publicUrl });
  const document = openApiDocument(apiTable, (resource) => query.describe(resource), deps.version);
  registerDocs(app, apiPrefixes, document);
  const streams = registerStreams(app, {
    open: { ...consoleStreams({ consoles, platform, clock, log }), ...deps.streams },
    publicUrl,
    accountOf: async (authorization) =>
      (await sessions.authenticate(sessionUuidIn(authorization))).account.uuid,
    audit: platform.audit,
    clock,
    log,
    limits: options.tunnelLimits,
  });
  await registerConsolePage(app, { folder: deps.consolePage, publicUrl });
  app.get('/health', async () => ({ ok: true, ...deps.health?.() }));
  unrouted.finish();

  await work.start();
  try {
    await app.listen({ host: options.address, port: options.port });
  } catch (error) {
    await app.close();
    managementNode.close();
    await work.close(0);
    const text = `the API cannot listen on ${options.address} port ${options.port}: ${messageOf(error)}`;
    throw new ApiError('listen-failed', text, { cause: error });
  }
  if (options.tls !== undefined && options.tls.expiresAt < clock.now()) {
    log.warn({}, 'the certificate of the API has expired; renew it and start again');
  }
  const stopSweep = sweepSessions({ ...deps, accounts });
  const { address, port } = app.server.address() as AddressInfo;

  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    stopSweep();
    sessionWatch.close();
    managementNode.close();
    // Before the sockets: viewers are told that they may come back.
    consoles.dismiss();
    await streams.close();
    const stuck = clock.after(closeMs, () => app.server.closeAllConnections());
    const ended = app.close();
    connections.closeIdle();
    await ended;
    stuck();
    await work.close(closeMs);
  };
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://${address.includes(':') ? `[${address}]` : address}:${port}`,
    address,
    port,
    close: () => (closed ??= close()),
    inject: (request) => app.inject(request),
  };
}
