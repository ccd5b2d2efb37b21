import type { FastifyInstance } from 'fastify';
import { apiPrefixes } from '../zstack/dispatch.ts';
import { errorBody } from '../zstack/errors.ts';
import type { Jobs } from '../zstack/jobs.ts';
import { locationOf } from '../zstack/request.ts';

/** `GET /api-jobs/{uuid}`; needs no session, the uuid is unguessable. */
export function registerJobs(
  app: FastifyInstance,
  deps: { readonly jobs: Jobs; readonly publicUrl: string | undefined },
): void {
  for (const prefix of apiPrefixes) {
    app.get<{ Params: { uuid: string } }>(`${prefix}/api-jobs/:uuid`, async (request, reply) => {
      const uuid = request.params.uuid.toLowerCase();
      const sight = /^[0-9a-f]{32}$/.test(uuid) ? await deps.jobs.look(uuid) : { kind: 'unknown' as const };
      if (sight.kind === 'running') {
        return reply.code(202).send(locationOf(request, uuid, deps.publicUrl));
      }
      if (sight.kind === 'unknown') {
        return reply.code(404).send(errorBody('SYS.1003', 'the job has been expired, or never existed'));
      }
      const status = sight.success ? 200 : 503;
      return reply.code(status).type('application/json; charset=utf-8').send(sight.body);
    });
  }
}
