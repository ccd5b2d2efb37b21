import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { JsonSchema } from './schema.ts';

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rackwright API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`;

/** validatorUrl null: the page must not send our document to a server on the internet. */
const start = `SwaggerUIBundle({ url: 'openapi.json', dom_id: '#swagger-ui', deepLinking: true, docExpansion: 'none', filter: true, validatorUrl: null });
`;

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

function send(reply: FastifyReply, type: string, body: string | Buffer): FastifyReply {
  return reply
    .header('Content-Security-Policy', policy)
    .header('X-Content-Type-Options', 'nosniff')
    .header('Cache-Control', 'no-cache')
    .type(type)
    .send(body);
}

/** Files of the package by name; a closed list, so that nothing else of the disk can be asked for. */
const assets = [
  {
    name: 'swagger-ui.css',
    type: 'text/css; charset=utf-8',
    file: import.meta.resolve('swagger-ui-dist/swagger-ui.css'),
  },
  {
    name: 'swagger-ui-bundle.js',
    type: 'text/javascript; charset=utf-8',
    file: import.meta.resolve('swagger-ui-dist/swagger-ui-bundle.js'),
  },
] as const;

/** `GET /openapi.json`, and a page to browse and try it at `/docs`; neither needs a session. */
export function registerDocs(app: FastifyInstance, prefixes: readonly string[], document: JsonSchema): void {
  const text = JSON.stringify(document);
  for (const prefix of prefixes) {
    app.get(`${prefix}/openapi.json`, async (_request, reply) =>
      send(reply, 'application/json; charset=utf-8', text),
    );
    app.get(`${prefix}/docs`, async (request, reply) => {
      // The page's links are relative to its own path, which therefore must not end in a slash.
      const path = request.url.split('?')[0] ?? '';
      return path.endsWith('/')
        ? reply.redirect(path.slice(0, -1))
        : send(reply, 'text/html; charset=utf-8', page);
    });
    app.get(`${prefix}/docs/start.js`, async (_request, reply) =>
      send(reply, 'text/javascript; charset=utf-8', start),
    );
    for (const { name, type, file } of assets) {
      app.get(`${prefix}/docs/${name}`, async (_request, reply) =>
        send(reply, type, await readFile(fileURLToPath(file))),
      );
    }
  }
}
