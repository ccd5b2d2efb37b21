import fastify from 'fastify';

/**
 * The peer: a bare fastify server that answers bytes that it was given, whatever the path. The parent sends it the bytes of our
 * answers by `POST /bytes`, so that both servers move the same load.
 */
const app = fastify({ logger: false });
let bytes = '{}';
app.route({
  method: 'POST',
  url: '/bytes',
  handler: async ({ body }) => {
    bytes = body;
    return {};
  },
});
app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
app.get('/*', async (_request, reply) => reply.type('application/json; charset=utf-8').send(bytes));
await app.listen({ host: '127.0.0.1', port: 0 });
const stop = () => void app.close().then(() => process.exit(0));
process.once('SIGTERM', stop);
process.stdin.resume().once('end', stop);
process.stdout.write(`${JSON.stringify({ port: app.server.address().port })}\n`);
