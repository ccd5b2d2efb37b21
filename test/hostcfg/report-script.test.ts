import { rmSync, existsSync, mkdirSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { renderBeginScript, renderEndScript } from '../../src/hostcfg/report-script.ts';
import { needTools } from '../support/need.ts';
import {
  onlyPrograms,
  runScript,
  type ShellResult,
  shells,
  shellTools,
  temporaryFolder,
} from '../support/shells.ts';

/** What an answer is: an HTTP status, or `lost`: the connection is cut after the report was read. */
type Answer = number | 'lost';

interface Listener {
  readonly url: (path: string) => string;
  readonly seen: string[];
  readonly close: () => Promise<void>;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

/** Answers the reports one after the other; the last answer stays. */
async function listen(answers: readonly Answer[]): Promise<Listener> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const answer = answers[Math.min(seen.length, answers.length - 1)] ?? 500;
      seen.push(`${request.method} ${request.url} ${body}`);
      if (answer === 'lost') request.socket.destroy();
      else response.writeHead(answer, { connection: 'close' }).end('text\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (path) => `http://127.0.0.1:${port}${path}`,
    seen,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

const coreutils = {
  cat: '/usr/bin/cat',
  sed: '/usr/bin/sed',
  sleep: '/usr/bin/sleep',
  tail: '/usr/bin/tail',
};
const timeout = { timeout: '/usr/bin/timeout' };
/** The programs that an installer may have: all that PATH holds. */
const clients: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['curl', { ...coreutils, curl: '/usr/bin/curl' }],
  ['GNU wget', { ...coreutils, ...timeout, wget: '/usr/bin/wget' }],
  ['busybox wget', { ...coreutils, wget: '/usr/bin/busybox' }],
];
const tools = [...shellTools, { tool: 'curl', package: 'curl' }, { tool: 'wget', package: 'wget' }];

describe.skipIf(!needTools(...tools)).each(clients)('reports by %s', (_client, programs) => {
  let folder = '';
  let listener: Listener | undefined;

  beforeEach(() => {
    folder = temporaryFolder();
    mkdirSync(join(folder, 'bin'));
    onlyPrograms(join(folder, 'bin'), programs);
    for (const [name, command] of Object.entries({ dash: 'dash', bash: 'bash', busybox: 'busybox' })) {
      onlyPrograms(join(folder, 'bin'), { [name]: `/usr/bin/${command}` });
    }
  });
  afterEach(async () => {
    await listener?.close();
    listener = undefined;
    rmSync(folder, { recursive: true });
  });

  const run = (command: readonly string[], script: string, tries = 3): Promise<ShellResult> =>
    runScript(command, script, folder, {
      PATH: join(folder, 'bin'),
      RACKWRIGHT_TRIES: String(tries),
      RACKWRIGHT_PAUSE: '0',
      // A proxy of the installer's environment has no business between it and us.
      http_proxy: 'http://127.0.0.1:9/',
    });

  describe.each(shells)('in %s', (_shell, ...command) => {
    it('begins when told that all is well', async () => {
      listener = await listen([200]);
      const result = await run(command, renderBeginScript(listener.url('/boot/token/begin')));
      expect(result).toMatchObject({ status: 0 });
      expect(listener.seen).toEqual(['POST /boot/token/begin begin']);
    });

    it('tries again over faults of the server, too many requests and lost answers', async () => {
      listener = await listen([503, 'lost', 429, 200]);
      const result = await run(command, renderBeginScript(listener.url('/b')), 10);
      expect(result).toMatchObject({ status: 0 });
      expect(listener.seen).toHaveLength(4);
    });

    it.each([400, 403, 404, 409, 410])('stops at once when refused with %d', async (status) => {
      listener = await listen([status]);
      const result = await run(command, renderBeginScript(listener.url('/b')), 10);
      expect(result.status).toBe(1);
      expect(result.stderr).toContain(
        `Rackwright refused this installation (HTTP status ${status}). No disk was touched.`,
      );
      expect(listener.seen).toHaveLength(1);
    });

    it('stops when it can never deliver', async () => {
      listener = await listen([500]);
      const refused = await run(command, renderBeginScript(listener.url('/b')));
      expect(refused.status).toBe(1);
      expect(listener.seen).toHaveLength(3);
      await listener.close();
      const nobody = await run(command, renderBeginScript(listener.url('/b')));
      listener = undefined;
      expect(nobody.status).toBe(1);
      expect(nobody.stderr).toContain('Rackwright cannot be reached from here. No disk was touched.');
    });

    it('ends, also when only the answer of an earlier try was lost', async () => {
      listener = await listen(['lost', 404]);
      const script = renderEndScript(listener.url('/e'));
      expect(await run(command, script)).toMatchObject({ status: 0 });
      expect(listener.seen).toEqual(['POST /e end', 'POST /e end']);
      // Refused from the start is refused.
      expect(await run(command, script)).toMatchObject({ status: 1 });
    });

    it('sends to just the URL it was given, whatever is in it', async () => {
      listener = await listen([200]);
      const path = '/it\'s/$(touch${IFS}broken)/`id`/[1-3]{a,b}?x="1"&y=%20;';
      const result = await run(command, renderBeginScript(listener.url(path)));
      expect(result).toMatchObject({ status: 0 });
      expect(listener.seen).toHaveLength(1);
      const [, sent = ''] = listener.seen[0]?.split(' ') ?? [];
      expect(decodeURI(sent)).toBe(decodeURI(path));
      expect(existsSync(join(folder, 'broken'))).toBe(false);
    });
  });
});

// busybox ash is left out: it has a wget of its own.
const withoutWget = shells.filter(([name]) => name !== 'busybox ash');
describe.skipIf(!needTools(...shellTools)).each(withoutWget)(
  'reports in %s without curl and wget',
  (_name, ...command) => {
    it('stop the installer and say why', async () => {
      const folder = temporaryFolder();
      onlyPrograms(folder, {
        ...coreutils,
        dash: '/usr/bin/dash',
        bash: '/usr/bin/bash',
        busybox: '/usr/bin/busybox',
      });
      const result = await runScript(command, renderBeginScript('http://127.0.0.1:9/'), folder, {
        PATH: folder,
        RACKWRIGHT_TRIES: '2',
        RACKWRIGHT_PAUSE: '0',
      });
      rmSync(folder, { recursive: true });
      expect(result.status).toBe(1);
      expect(result.stderr).toContain('neither curl nor wget is here');
    });
  },
);
