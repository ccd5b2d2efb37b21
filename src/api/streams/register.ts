import type { IncomingMessage } from 'node:http';
import websocket, { type WebSocket } from '@fastify/websocket';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { Platform } from '../../platform/index.ts';
import { createStreamAudit } from './audit.ts';
import { abandon, admit, type Refusal, refusalBody } from './admission.ts';
import { frames } from './frames.ts';
import { type Opened, type OpenTicket, type StreamKind, streamKinds, streamUrls } from './kinds.ts';
import { type Tunnel, tunnel, type TunnelLimits, tunnelLimits } from './tunnel.ts';

/** Frames beyond it end the tunnel; usbredir's largest packets are some 64 KiB. */
const maxFrameBytes = 1024 * 1024;

export interface StreamDeps {
  readonly open: Readonly<Partial<Record<StreamKind, OpenTicket>>>;
  readonly publicUrl: string | undefined;
  /** The account of a session, by its Authorization header; rejects with ApiError. */
  readonly accountOf: (authorization: string) => Promise<string>;
  readonly audit: Platform['audit'];
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits?: TunnelLimits;
}

/** Running tunnels; `close` ends them and refuses new ones, and may be called twice. */
export interface Streams {
  close(): Promise<void>;
}

/**
 * Registers `GET /v1/<kind>/{ticket}` under both prefixes, and `/websockify?token=` for screens, for upgrades to a WebSocket only. The ticket is the credential, so there
 * is no session; a bad one is told by HTTP before the upgrade, and every opening and refusal is audited. Tickets are never logged.
 */
export function registerStreams(app: FastifyInstance, deps: StreamDeps): Streams {
  const { publicUrl, accountOf, clock, log, limits = tunnelLimits } = deps;
  const audit = createStreamAudit(deps);
  const tunnels = new Map<Tunnel, StreamKind>();
  const admitted = new WeakMap<IncomingMessage, Opened>();
  let closing = false;

  const refuse = async (kind: StreamKind, request: FastifyRequest, reply: FastifyReply, refusal: Refusal) => {
    const { code, text } = refusal;
    await audit.refused(streamKinds[kind].api, request.ip, { code, text });
    if (refusal.status === 426) reply.header('Upgrade', 'websocket');
    return reply.code(refusal.status).send(refusalBody(refusal));
  };

  /** Before the upgrade: everything that can be refused is refused here, the ticket last. */
  const decide =
    (kind: StreamKind, open: OpenTicket) =>
    async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
      const { ip, raw } = request;
      const running = [...tunnels.values()].filter((one) => one === kind).length;
      const full = closing || running >= streamKinds[kind].most;
      const answer = await admit(request, { publicUrl, full, open, accountOf }, (error) =>
        log.error({ kind, err: messageOf(error) }, 'a stream could not be opened'),
      );
      if ('refusal' in answer) return refuse(kind, request, reply, answer.refusal);
      const { opened } = answer;
      // The viewer may be gone by now, or the upgrade fail later: then nobody else would close it.
      if ('stream' in opened) opened.stream.on('error', () => {});
      admitted.set(raw, opened);
      const leave = (): void => {
        if (admitted.delete(raw)) abandon(opened);
      };
      raw.socket.once('close', leave);
      if (raw.socket.destroyed) leave();
      await audit.opened(streamKinds[kind].api, ip, opened);
      return undefined;
    };

  const carry = (kind: StreamKind) => (socket: WebSocket, request: FastifyRequest) => {
    const opened = admitted.get(request.raw);
    admitted.delete(request.raw);
    if (opened === undefined || closing) {
      if (opened !== undefined) abandon(opened);
      socket.terminate();
      return;
    }
    const { resourceType, resourceUuid } = opened;
    const facts = { kind, resourceType, resourceUuid };
    log.info(facts, 'stream opened');
    const running =
      'stream' in opened
        ? tunnel(socket, opened.stream, limits, clock)
        : frames(socket, opened, request.ip, limits, clock);
    tunnels.set(running, kind);
    void running.ended.then((end) => {
      tunnels.delete(running);
      log.info({ ...facts, ...end }, 'stream ended');
    });
  };

  void app.register(async (scope) => {
    await scope.register(websocket, {
      options: { maxPayload: maxFrameBytes },
      // The tunnel listens for errors itself, and lets the closing frame out.
      errorHandler: () => {},
      preClose(done) {
        this.websocketServer.close();
        done();
      },
    });
    for (const kind of Object.keys(streamKinds) as StreamKind[]) {
      // Without anything to open its tickets are unknown ones: upgrades must find a route.
      const open = deps.open[kind] ?? (async () => undefined);
      for (const url of streamUrls(kind)) {
        scope.route({
          method: 'GET',
          url,
          preValidation: decide(kind, open),
          // Only upgrades come here: the others were refused above.
          handler: async (_request, reply) => reply.code(426).send(),
          wsHandler: carry(kind),
        });
      }
    }
  });

  return {
    async close() {
      closing = true;
      const running = [...tunnels.keys()];
      for (const one of running) one.close('the server stops');
      await Promise.all(running.map(({ ended }) => ended));
    },
  };
}
