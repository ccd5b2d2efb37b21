import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../errors.ts';
import { toZstackError } from './errors.ts';

interface KnownPath {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

/** Our paths hold letters, digits, dashes and variables only. */
function patternOf(url: string): RegExp {
  const segments = url.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : part));
  return new RegExp(`^${segments.join('/')}/?$`);
}

/**
 * Answers what no route takes: 405 with Allow for a known path and another verb (HEAD and OPTIONS too), else 404. Call before the
 * routes are registered; `finish` when all are.
 */
export function createUnrouted(app: FastifyInstance): { finish(): void } {
  const known = new Map<string, KnownPath>();
  app.addHook('onRoute', ({ url, method, config }) => {
    if (config !== undefined && 'foreign' in config) return;
    const path = known.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() };
    for (const verb of [method].flat()) path.methods.add(verb);
    known.set(url, path);
  });

  const answer = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const path = request.url.split('?')[0] ?? '';
    const methods = [...known.values()]
      .filter(({ pattern }) => pattern.test(path))
      .flatMap((k) => [...k.methods]);
    const shown = path.length > 200 ? `${path.slice(0, 200)}...` : path;
    if (methods.length > 0) {
      const allow = [...new Set(methods)].toSorted().join(', ');
      const error = new ApiError('wrong-verb', `${request.method} is not possible here; use ${allow}`);
      return reply.code(405).header('Allow', allow).send(toZstackError(error).body);
    }
    const text = `no API at ${request.method} ${shown}: it does not exist or is not part of this toolkit`;
    return reply.code(404).send(toZstackError(new ApiError('no-route', text)).body);
  };

  return {
    finish() {
      app.setNotFoundHandler(answer);
      // Before any body is read, so that a bad body cannot hide the wrong path.
      app.addHook('onRequest', (request, reply, done) => {
        if (request.is404) answer(request, reply);
        else done();
      });
    },
  };
}
