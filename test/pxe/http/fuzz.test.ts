import { connect } from 'node:net';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { cases } from '../../support/cases.ts';
import { liveHttp, token } from '../../support/boot-http.ts';

const piece = fc.constantFrom(
  'GET ',
  'HEAD ',
  'POST ',
  'CONNECT ',
  'PUT ',
  '/boot/',
  token,
  '/kernel',
  '/ks.cfg',
  '/loader/snponly.efi',
  ' HTTP/1.1',
  ' HTTP/1.0',
  '\r\n',
  '\r\n\r\n',
  '\n',
  'Host: x\r\n',
  'Range: bytes=0-',
  'Content-Length: 3\r\n',
  'Content-Length: -1\r\n',
  'Upgrade: websocket\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Expect: 100-continue\r\n',
  'ffffffff\r\n',
  '0\r\n\r\n',
  'Connection: upgrade\r\n',
  ': ',
  '\0',
  '%00',
  '../',
);
const request = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.array(piece, { maxLength: 14 }).map((pieces) => Buffer.from(pieces.join(''), 'latin1')),
);

/** Sends bytes, ends, and gives what came back when the server has closed. */
function exchange(port: number, bytes: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.once('close', () => resolve(answer));
    socket.end(bytes);
  });
}

it('answers any bytes with a status or nothing, and serves on', async () => {
  const text = { kind: 'text', body: 'hello', contentType: 'text/plain' } as const;
  const { server, artefact, logged } = await liveHttp({ kernel: text, 'ks.cfg': text }, { closeWaitMs: 200 });
  let answered = 0;
  await fc.assert(
    fc.asyncProperty(request, async (bytes) => {
      const answer = await exchange(server.port, bytes);
      expect(answer).toMatch(/^(?:HTTP\/1\.1 (?:[12345]\d\d) [\s\S]*)?$/);
      expect(answer).not.toMatch(/HTTP\/1\.1 50[02]|node:internal|Error:/);
      if (answer !== '') answered += 1;
    }),
    { numRuns: cases(50_000) },
  );
  expect(answered).toBeGreaterThan(50);
  expect(logged.filter((line) => line.includes('request failed'))).toEqual([]);
  expect(await (await fetch(artefact('kernel'))).text()).toBe('hello');
  await server.close();
}, 120_000);
