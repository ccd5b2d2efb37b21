import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { WebHooks } from '../../src/api/zstack/hook-delivery.ts';
import { createWebHooks } from '../../src/api/zstack/hook-delivery.ts';
import type { HookTries } from '../../src/api/zstack/webhook.ts';
import { hookGapMs, parseHookUrl } from '../../src/api/zstack/webhook.ts';
import type { Clock } from '../../src/base/clock.ts';
import { systemClock } from '../../src/base/clock.ts';
import type { Store } from '../../src/store/index.ts';
import { keepingLog } from '../support/keeping-log.ts';
import { random, uuid } from '../support/records.ts';
import { scratchStore } from '../support/scratch-store.ts';

const until = async (what: string, done: () => boolean | Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 1000; tries += 1) {
    if (await done()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`never happened: ${what}`);
};

/** A receiver on a free port; answers each post by `answer`, which is told how many are under way. */
async function receiver(answer: (underWay: number) => Promise<number>) {
  const bodies: string[] = [];
  const state = { underWay: 0, most: 0 };
  const server = createServer((request, response) => {
    let body = '';
    state.underWay += 1;
    state.most = Math.max(state.most, state.underWay);
    response.once('close', () => (state.underWay -= 1));
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      bodies.push(body);
      void answer(state.underWay).then((status) => response.writeHead(status).end());
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { bodies, state, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

const never = (): Promise<number> => new Promise<number>(() => {});

async function world(tries: HookTries = { tries: 15, intervalMs: 2000 }, clock: Clock = systemClock) {
  const store = await scratchStore();
  const log = keepingLog();
  const drops: string[] = [];
  const settings = { keepMs: 3600_000 };
  const open = (): WebHooks =>
    createWebHooks({
      store: store.webHooks,
      jobs: store.jobs,
      clock,
      random,
      log,
      tries,
      keepMs: () => settings.keepMs,
      dropped: (text) => drops.push(text),
    });
  const hooks = open();
  onTestFinished(async () => {
    await hooks.close();
    await store.close();
  });
  return { store, log, drops, settings, hooks, open, clock };
}

/** A job that has ended, with its hook due. */
async function endedJob(store: Store, url: string, clock: Clock, result = '{}'): Promise<string> {
  const jobUuid = uuid();
  const at = clock.now();
  const ends = { result: undefined, error: undefined, finishDate: undefined };
  await store.jobs.insertJob(
    { uuid: jobUuid, api: 'X', accountUuid: uuid(), state: 'running', createDate: at, ...ends },
    { ...parseHookUrl(url), jobUuid, headerUuid: jobUuid, tries: 0, nextAt: undefined, createDate: at },
  );
  await store.jobs.finishJob(jobUuid, { result, at });
  return jobUuid;
}

describe('gaps', () => {
  const product = { tries: 15, intervalMs: 2000 };
  it('are the product’s for its tries, then double up to an hour', () => {
    const gaps = Array.from({ length: 40 }, (_, done) => hookGapMs(done + 1, product, 0));
    expect(gaps.slice(0, 14)).toEqual(Array(14).fill(2000));
    expect(gaps.slice(14, 19)).toEqual([4000, 8000, 16_000, 32_000, 64_000]);
    expect(gaps.slice(25)).toEqual(Array(15).fill(3600_000));
    expect(hookGapMs(2000, product, 0)).toBe(3600_000);
  });
  it('are spread by the jitter, never longer', () => {
    for (const jitter of [0, 0.5, 0.999]) {
      expect(hookGapMs(40, product, jitter)).toBe(Math.round(3600_000 * (1 - jitter / 4)));
      expect(hookGapMs(3, product, jitter)).toBe(2000);
    }
  });
});

describe('delivery', () => {
  it('goes on after a restart with what was due', async () => {
    const { store, hooks, open, clock } = await world();
    const hook = await receiver(async () => 200);
    await hooks.close();
    await endedJob(store, hook.url, clock, '{"inventory":{"name":"after"}}');
    const again = open();
    await again.start();
    await until('a delivery', () => hook.bodies.length > 0);
    expect(hook.bodies).toEqual(['{"inventory":{"name":"after"}}']);
    await until('the end of it', async () => (await store.webHooks.countHooks()) === 0);
    await again.close();
  });

  it('sends a hundred results to one receiver, four at a time', async () => {
    const { store, hooks, clock } = await world();
    const hook = await receiver(() => new Promise((resolve) => setTimeout(() => resolve(200), 5)));
    await Promise.all(Array.from({ length: 100 }, () => endedJob(store, hook.url, clock)));
    await hooks.start();
    await until('all deliveries', async () => (await store.webHooks.countHooks()) === 0);
    expect([hook.bodies.length, hook.state.most]).toEqual([100, 4]);
  });

  it('receivers that never answer hold up nobody else, whatever waits for them', async () => {
    const { store, hooks, clock } = await world();
    const dead = await Promise.all(Array.from({ length: 10 }, () => receiver(never)));
    for (const { url } of dead) {
      await Promise.all(Array.from({ length: 50 }, () => endedJob(store, url, clock)));
    }
    await hooks.start();
    await until('the dead ones are tried', () => dead.every(({ state }) => state.underWay > 0));
    const good = await receiver(async () => 200);
    for (let index = 0; index < 5; index += 1) {
      await endedJob(store, good.url, clock);
      hooks.armed(parseHookUrl(good.url).origin);
      await until(`delivery ${index}`, () => good.bodies.length === index + 1);
    }
    const underWay = dead.map(({ state }) => state.underWay);
    expect(Math.max(...underWay)).toBeLessThanOrEqual(4);
    expect(underWay.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(32);
  });

  it('gives up with a log line and a notification when the result is about to expire', async () => {
    const { store, hooks, log, drops, settings, clock } = await world({ tries: 2, intervalMs: 10 });
    const hook = await receiver(async () => 500);
    settings.keepMs = 300;
    const jobUuid = await endedJob(store, hook.url, clock);
    await hooks.start();
    await until('the end', async () => (await store.webHooks.countHooks()) === 0);
    expect(hook.bodies.length).toBeGreaterThan(1);
    expect(log.lines.filter((line) => line.includes('given up'))).toEqual([expect.stringContaining(jobUuid)]);
    expect(drops).toEqual([expect.stringContaining(`${hook.bodies.length} tries (HTTP status 500)`)]);
  });

  it('does not read an answer that has no end', async () => {
    const { store, hooks, clock } = await world();
    let sent = 0;
    let closed = false;
    const server = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.on('close', () => (closed = true));
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      const flood = (): void => {
        while (!socket.destroyed && sent < 200_000_000) {
          sent += 65_536;
          if (!socket.write(`10000\r\n${'x'.repeat(65_536)}\r\n`)) {
            socket.once('drain', flood);
            return;
          }
        }
      };
      flood();
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    onTestFinished(() => void server.close());
    await endedJob(store, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, clock);
    await hooks.start();
    await until('the delivery', async () => (await store.webHooks.countHooks()) === 0);
    await until('the hang-up', () => closed);
    expect(sent).toBeLessThan(50_000_000);
  });

  it('closing hangs up and leaves the hook for the next start, uncounted', async () => {
    const { store, hooks, clock } = await world();
    const hook = await receiver(never);
    await endedJob(store, hook.url, clock);
    await hooks.start();
    await until('the try', () => hook.bodies.length === 1);
    await hooks.close();
    expect(await store.webHooks.dueHooksOf(parseHookUrl(hook.url).origin, clock.now(), 9)).toMatchObject([
      { tries: 0 },
    ]);
  });

  it('waits while its outcome cannot be stored, instead of posting again and again', async () => {
    const { store, hooks, log, clock } = await world();
    const hook = await receiver(async () => 200);
    store.webHooks.deleteHook = async () => {
      throw new Error('disk full');
    };
    await endedJob(store, hook.url, clock);
    await hooks.start();
    await until('the fault', () => log.lines.some((line) => line.includes('disk full')));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(hook.bodies.length).toBe(1);
  });
});

describe('too many', () => {
  it('refuses the hook of a call beyond 100,000 waiting ones, and takes it when there is room', async () => {
    const { store, hooks, drops } = await world();
    store.webHooks.countHooks = async () => 99_999;
    await hooks.start();
    hooks.admit();
    expect(() => hooks.admit()).toThrow(
      expect.objectContaining({
        code: 'overloaded',
        message: expect.stringContaining('100000 web hooks wait'),
      }),
    );
    expect(drops).toEqual([expect.stringContaining('refused')]);
    hooks.release();
    expect(() => hooks.admit()).not.toThrow();
    store.webHooks.countHooks = async () => 5;
    await hooks.recount();
    expect(() => hooks.admit()).not.toThrow();
  });
});

it.each([
  'ftp://127.0.0.1/',
  'file:///etc/passwd',
  'nonsense',
  'http://user:pw@127.0.0.1/',
  '',
  'gopher://x',
])('%j is no web hook', (url) => {
  expect(() => parseHookUrl(url)).toThrow('X-Web-Hook');
});

it('hooks of one host and port share an origin, however they are written', () => {
  const origins = ['http://Box.example/a', 'http://box.example:80/b?c=d'].map(
    (url) => parseHookUrl(url).origin,
  );
  expect(origins).toEqual(['http://box.example', 'http://box.example']);
  expect(parseHookUrl('https://box.example/').origin).toBe('https://box.example');
});
