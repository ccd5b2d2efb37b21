import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ListOptions } from '../../src/cli/client.ts';
import { createClient } from '../../src/cli/client.ts';
import { existing, seedRows } from '../support/api-rows.ts';
import type { ApiWorld } from '../support/api-world.ts';
import { adminPassword, openApi } from '../support/api-world.ts';
import { uuid } from '../support/records.ts';

let world: ApiWorld;
beforeAll(async () => {
  // The public URL leads nowhere: a client must not need the host in a location.
  world = await openApi({ publicUrl: 'http://192.0.2.254:1/elsewhere' });
  await seedRows(world);
});
afterAll(() => world.close());

describe('client', () => {
  it.each(['', '/zstack', '/zstack/'])(
    'works under the base path %j, whatever host a location names',
    async (base) => {
      const client = createClient({ url: `${world.api.url}${base}`, pollMs: 5 });
      const { uuid: session } = await client.login('admin', adminPassword);
      expect(client.session()).toBe(session);
      const waits: number[] = [];
      world.domain.hold = new Promise((done) => {
        setTimeout(done, 300);
      });
      const path = `/baremetal/chassis/${existing.chassis}/actions`;
      const onWait = (elapsedMs: number): void => void waits.push(elapsedMs);
      expect(await client.call('PUT', path, { powerStatusBaremetalHost: {} }, { onWait })).toEqual({
        status: 'ON',
      });
      world.domain.hold = undefined;
      expect(waits.length).toBeGreaterThan(0);
      expect((await client.list('/baremetal/chassis', ['name=c', 'ipmiPort=623'])).length).toBe(1);
      await client.logout();
      await expect(client.list('/baremetal/chassis')).rejects.toMatchObject({ code: 'not-logged-in' });
    },
  );

  it('reads lists to their end, however many pages, or as far as wished', async () => {
    const client = createClient({ url: world.api.url, session: world.session, pollMs: 5 });
    const dates = { createDate: 0, lastOpDate: 0 };
    const zone = { description: undefined, state: 'Enabled', type: 'zstack', ...dates } as const;
    const names = Array.from({ length: 2001 }, (_, at) => `hall ${String(at).padStart(4, '0')} + 100%`);
    await Promise.all(
      names.map((name) => world.store.platform.placement.saveZone({ ...zone, uuid: uuid(), name })),
    );
    const listed = async (conditions: readonly string[], options?: ListOptions) =>
      (await client.list('/zones', conditions, options)).map((row) => row['name']);
    expect(await listed([], { sort: 'name' })).toEqual(names);
    expect(await listed([], { sort: '-name', limit: 1500 })).toEqual(names.toReversed().slice(0, 1500));
    expect(await listed([], { sort: 'name', limit: 2 })).toEqual(names.slice(0, 2));
    expect(await listed(['name=hall 0007 + 100%', 'state=Enabled'])).toEqual([names[7]]);
  });

  it('tells how far a job is, when asked', async () => {
    const client = createClient({ url: world.api.url, session: world.session, pollMs: 20 });
    world.domain.hold = new Promise((done) => {
      setTimeout(done, 700);
    });
    const [stages, jobs]: [Set<string | undefined>, string[]] = [new Set(), []];
    await client.call(
      'PUT',
      `/baremetal/chassis/${existing.chassis}/actions`,
      { powerOnBaremetalHost: {} },
      {
        stagesAfterMs: 100,
        onJob: (job) => void jobs.push(job),
        onWait: (_elapsedMs, stage) => void stages.add(stage),
      },
    );
    world.domain.hold = undefined;
    // Undefined before 100 ms.
    expect([...stages]).toEqual(expect.arrayContaining([undefined, 'asking the BMC (0%)']));
    expect(await client.stage(jobs[0] ?? '')).toBe('done (100%)');
    expect(await client.stage('0'.repeat(32))).toBeUndefined();
    expect(await createClient({ url: 'http://127.0.0.1:9' }).stage('0'.repeat(32))).toBeUndefined();
  });

  it('follows a job across a short silence of the server, not across a long one', async () => {
    let silent = 0;
    const server = createServer((request, response) => {
      if (request.method === 'POST') response.writeHead(202).end('{"location":"http://x/v1/api-jobs/j"}');
      else if ((silent -= 1) >= 0) request.socket.destroy();
      else response.end('{"done":true}');
    });
    await new Promise<void>((ready) => {
      server.listen(0, '127.0.0.1', ready);
    });
    const { port } = server.address() as AddressInfo;
    const client = createClient({ url: `http://127.0.0.1:${port}`, pollMs: 1 });
    silent = 5;
    expect(await client.call('POST', '/x')).toEqual({ done: true });
    silent = Number.POSITIVE_INFINITY;
    await expect(client.call('POST', '/x')).rejects.toMatchObject({ code: 'unreachable' });
    server.close();
  });

  it('sends the hash of a password, not the password', async () => {
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      request.on('data', (chunk) => bodies.push(String(chunk)));
      request.on('end', () => response.end('{"inventory":{"uuid":"s"}}'));
    });
    await new Promise<void>((ready) => {
      server.listen(0, '127.0.0.1', ready);
    });
    const client = createClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    await client.login('admin', 'Canary-clear');
    server.close();
    expect(bodies.join('')).toMatch(/"password":"[0-9a-f]{128}"/);
    expect(bodies.join('')).not.toContain('Canary');
  });

  it('gives up on a job that does not end, and on servers that are something else', async () => {
    world.domain.hold = new Promise((done) => {
      setTimeout(done, 300);
    });
    const client = createClient({ url: world.api.url, session: world.session, pollMs: 5, timeoutMs: 20 });
    const call = client.call('PUT', `/baremetal/chassis/${existing.chassis}/actions`, {
      powerOnBaremetalHost: {},
    });
    await expect(call).rejects.toMatchObject({ code: 'timeout' });
    world.domain.hold = undefined;

    const replies = ['<html>', '[]', '"x"'];
    const server = createServer((_request, response) => response.writeHead(200).end(replies.shift() ?? ''));
    await new Promise<void>((ready) => {
      server.listen(0, '127.0.0.1', ready);
    });
    const other = createClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    for (let i = 0; i < 3; i += 1) {
      await expect(other.call('GET', '/x')).rejects.toMatchObject({ code: 'bad-answer' });
    }
    server.close();
  });
});

describe('the program', () => {
  const main = resolve(import.meta.dirname, '../../src/cli/main.ts');
  const tsx = resolve(import.meta.dirname, '../../node_modules/.bin/tsx');
  const start = (...args: string[]) => spawnSync(tsx, [main, ...args], { encoding: 'utf8', timeout: 15_000 });

  it('answers help and wrong usage with its exit status', () => {
    const help = start('--help');
    expect([help.status, help.stdout]).toEqual([0, expect.stringMatching(/serve .*\[--config FILE\]/)]);
    expect(start('serve', '--help').status).toBe(0);
    const wrong = start('serve', '--colour', 'red');
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('--colour')]);
    expect(start('nonsense').status).toBe(2);
  }, 60_000);

  it('logs in and lists as a process of its own, and ends by itself', async () => {
    const home = mkdtempSync(join(tmpdir(), 'rackwright-program-'));
    const env = { PATH: process.env['PATH'], HOME: home, RACKWRIGHT_URL: world.api.url };
    const live = (stdin: string, ...args: string[]): Promise<{ status: number | null; out: string }> =>
      new Promise((done, reject) => {
        const child = spawn(tsx, [main, ...args], { env, timeout: 15_000 });
        let out = '';
        child.stdout.on('data', (chunk) => (out += String(chunk)));
        child.stderr.on('data', (chunk) => (out += String(chunk)));
        child.on('error', reject);
        child.on('close', (status) => done({ status, out }));
        child.stdin.end(stdin);
      });
    const login = await live(`${adminPassword}\n`, 'login');
    expect([login.status, login.out]).toEqual([0, expect.stringContaining('logged in')]);
    const list = await live('', 'chassis', 'list');
    expect([list.status, list.out]).toEqual([0, expect.stringContaining(existing.chassis)]);
    const power = await live('', 'chassis', 'power', 'status', 'c');
    expect(power).toEqual({ status: 0, out: 'ON\n' });
    rmSync(home, { recursive: true });
  }, 60_000);
});
