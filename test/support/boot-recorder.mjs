// Runs inside a test's network namespace: answers fixed paths by HTTP and prints every request as one line of JSON.
// Argument: {"address", "port", "answers": {path: {"statuses", "body"}}}; see Answer in boot-lan.ts.
import { createServer } from 'node:http';

const { address, port, answers } = JSON.parse(process.argv[2] ?? '{}');
const seen = new Map();

createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const path = request.url ?? '';
    const answer = answers[path];
    const count = seen.get(path) ?? 0;
    seen.set(path, count + 1);
    const status = answer === undefined ? 404 : (answer.statuses?.[count] ?? answer.statuses?.at(-1) ?? 200);
    process.stdout.write(
      `${JSON.stringify({
        method: request.method,
        path,
        contentType: request.headers['content-type'] ?? '',
        from: request.socket.remoteAddress,
        body: Buffer.concat(chunks).toString('latin1'),
        status,
      })}\n`,
    );
    response.writeHead(status, { 'content-type': 'text/plain' }).end(status === 200 ? answer?.body : '');
  });
}).listen(port, address, () => process.stdout.write('"listening"\n'));
