import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { ConsoleError } from '../../src/console/errors.ts';
import { openScreen } from '../../src/console/screens.ts';
import { sleep } from '../../hardware-lab/processes.ts';
import { cases } from '../support/cases.ts';
import {
  type FakeServer,
  type FakeServerOptions,
  handClock,
  makePair,
  playServer,
} from './rfb/fake-server.ts';
import { greetAsViewer, keyPress, updateRequest } from './rfb/viewer.ts';

const password = 'fake-pass';

interface Opened {
  readonly screen: Duplex;
  readonly server: FakeServer;
  readonly ours: Duplex;
}

async function open(
  options: FakeServerOptions = {},
  given: {
    readonly password?: string;
    readonly viewOnly?: boolean;
    readonly clock?: typeof systemClock;
  } = {},
): Promise<Opened> {
  const { ours, end } = makePair();
  const played = playServer(end, options);
  const source = { stream: ours, password: given.password };
  const screen = await openScreen({
    source,
    viewOnly: given.viewOnly ?? false,
    clock: given.clock ?? systemClock,
  });
  return { screen, server: await played, ours };
}

describe('a viewer of any version before a server of any version', () => {
  const versions = [3, 7, 8] as const;
  const rows = versions.flatMap((minor) =>
    versions.flatMap((viewer) => [1, 2].map((type) => ({ minor, viewer, type }))),
  );
  it.each(rows)(
    'server 3.$minor with security type $type, viewer 3.$viewer',
    async ({ minor, viewer, type }) => {
      const { screen, server } = await open({ minor, types: [type], name: 'Größe' }, { password });
      const seen = await greetAsViewer(screen, viewer);
      expect([seen.width, seen.height, seen.name]).toEqual([4, 3, 'Größe']);
      expect(server.seen).toMatchObject({ version: `RFB 003.00${minor}\n`, type, shared: 1 });
      seen.send(keyPress(0x61));
      expect(await server.take(16)).toEqual(keyPress(0x61));
      server.end.write('from the server');
      expect((await seen.take(15)).toString()).toBe('from the server');
      seen.close();
    },
  );

  it('gives no answer to a challenge where none is asked for', async () => {
    const { server, screen } = await open({ types: [2, 1] }, { password });
    expect(server.seen.type).toBe(1);
    screen.destroy();
  });
});

describe('a server that does not let us in', () => {
  const outcome = async (options: FakeServerOptions, given?: string): Promise<ConsoleError> => {
    const { ours, end } = makePair();
    playServer(end, options).catch(() => undefined);
    const opened = openScreen({
      source: { stream: ours, password: given },
      viewOnly: false,
      clock: systemClock,
    });
    const error = await opened.then(
      () => undefined,
      (fault: unknown) => fault,
    );
    expect(error).toBeInstanceOf(ConsoleError);
    expect(ours.destroyed).toBe(true);
    return error as ConsoleError;
  };

  it.each([3, 7, 8] as const)('refuses the password in version 3.%i', async (minor) => {
    const error = await outcome(
      { minor, types: [2], refusal: { reason: `no, not ${password}\n` } },
      password,
    );
    expect(error.code).toBe('refused');
    expect(error.message).toContain('refuses the login');
    expect(error.message.includes(': no, not ***')).toBe(minor === 8);
    expect(JSON.stringify([error.message, error.data, error.stack])).not.toContain(password);
  });

  it('says its reason when it takes nobody', async () => {
    const error = await outcome({ types: [], refusal: { reason: 'Too many security failures' } }, password);
    expect([error.code, error.message]).toEqual([
      'refused',
      expect.stringContaining('takes nobody in now: Too many security failures'),
    ]);
  });

  it('names the logins that it wants', async () => {
    expect((await outcome({ types: [19, 30] }, password)).message).toContain('(security types 19, 30)');
    expect((await outcome({ types: [2] })).message).toContain('wants a password');
  });

  it('speaks something else', async () => {
    const error = await outcome({ version: 'SSH-2.0-OpenSSH_9\r\n' });
    expect([error.code, error.message]).toEqual(['failed', expect.stringContaining('not speak RFB')]);
  });

  it('hangs up or says nothing', async () => {
    const { ours, end } = makePair();
    const opened = openScreen({
      source: { stream: ours, password: undefined },
      viewOnly: false,
      clock: systemClock,
    });
    end.end('RFB 003.0');
    await expect(opened).rejects.toMatchObject({ code: 'failed', message: /closed the connection/ });

    const clock = handClock();
    const silent = makePair();
    const late = openScreen({ source: { stream: silent.ours, password: undefined }, viewOnly: false, clock });
    clock.advance(9999);
    expect(silent.ours.destroyed).toBe(false);
    clock.advance(1);
    await expect(late).rejects.toMatchObject({ code: 'failed', message: /within 10 s/ });
    expect(silent.ours.destroyed).toBe(true);
  });

  it('may say anything: there is a screen or a ConsoleError', async () => {
    const starts = fc.constantFrom(
      '',
      'RFB 003.008\n',
      'RFB 003.003\n\0\0\0\u0001',
      'RFB 003.008\n\u0001\u0001\0\0\0\0',
      'RFB 003.008\n\u0001\u0002',
    );
    await fc.assert(
      fc.asyncProperty(starts, fc.uint8Array({ maxLength: 80 }), async (start, rest) => {
        const { ours, end } = makePair();
        end.end(Buffer.concat([Buffer.from(start, 'latin1'), rest]));
        end.resume();
        try {
          const source = { stream: ours, password };
          (await openScreen({ source, viewOnly: false, clock: systemClock })).destroy();
        } catch (error) {
          expect(error).toBeInstanceOf(ConsoleError);
        }
        expect(ours.destroyed).toBe(true);
      }),
      { numRuns: cases(2000) },
    );
  });
});

describe('bytes between viewer and server', () => {
  it('pass unchanged both ways, however they are cut', async () => {
    const blocks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 3000 }), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(blocks, blocks, async (up, down) => {
        const { screen, server } = await open();
        const viewer = await greetAsViewer(screen);
        for (const block of up) viewer.send(block);
        for (const block of down) server.end.write(block);
        const [sent, answered] = [Buffer.concat(up), Buffer.concat(down)];
        const got: Buffer[] = [];
        for (let left = sent.length; left > 0; left -= 2000)
          got.push(await server.take(Math.min(left, 2000)));
        expect(Buffer.concat(got).equals(sent)).toBe(true);
        const shown: Buffer[] = [];
        for (let left = answered.length; left > 0; left -= 2000)
          shown.push(await viewer.take(Math.min(left, 2000)));
        expect(Buffer.concat(shown).equals(answered)).toBe(true);
        viewer.close();
      }),
      { numRuns: cases(200) },
    );
  });

  /** Writes 8 MiB as fast as the stream takes them; `waiting` is what it took and nobody read. */
  function flood(into: Duplex): { readonly taken: () => number; readonly hash: string } {
    const block = Buffer.alloc(8192);
    const hash = createHash('sha256');
    let taken = 0;
    const all = Array.from({ length: 1024 }, (_, i) => {
      const bytes = Buffer.from(block.fill(i & 0xff));
      hash.update(bytes);
      return bytes;
    });
    const next = (): void => {
      const bytes = all.shift();
      if (bytes === undefined) return;
      into.write(bytes, () => {
        taken += bytes.length;
        next();
      });
    };
    next();
    return { taken: () => taken, hash: hash.digest('hex') };
  }

  async function hashOf(take: (length: number) => Promise<Buffer>): Promise<string> {
    const hash = createHash('sha256');
    for (let i = 0; i < 1024; i += 1) hash.update(await take(8192));
    return hash.digest('hex');
  }

  it('wait at the server for a viewer that does not read', async () => {
    const { screen, server } = await open();
    const viewer = await greetAsViewer(screen);
    const { taken, hash } = flood(server.end);
    await sleep(100);
    expect(taken()).toBeGreaterThan(0);
    expect(taken()).toBeLessThan(256 * 1024);
    expect(await hashOf(viewer.take)).toBe(hash);
    viewer.close();
  });

  it('wait at the viewer for a server that does not read', async () => {
    const { screen, server } = await open();
    await greetAsViewer(screen);
    const { taken, hash } = flood(screen);
    await sleep(100);
    expect(taken()).toBeLessThan(256 * 1024);
    expect(await hashOf(server.take)).toBe(hash);
    screen.destroy();
  });
});

describe('the end of a screen', () => {
  it('comes to the viewer when the server ends, after all that it sent', async () => {
    const { screen, server } = await open();
    const viewer = await greetAsViewer(screen);
    server.end.end('last words');
    expect((await viewer.take(10)).toString()).toBe('last words');
    await expect(viewer.take(1)).rejects.toThrow(/closed/);
    expect(await viewer.closed).toBeUndefined();
  });

  it('comes to the server when the viewer ends, after all that it sent', async () => {
    const { screen, server, ours } = await open();
    const viewer = await greetAsViewer(screen);
    screen.end(keyPress(0x62));
    expect(await server.take(16)).toEqual(keyPress(0x62));
    await expect(server.take(1)).rejects.toThrow(/closed/);
    server.end.end();
    await expect(viewer.take(1)).rejects.toThrow(/closed/);
    expect(await viewer.closed).toBeUndefined();
    expect(ours.destroyed).toBe(true);
  });

  it('does not wait for ever for a server whose viewer has left', async () => {
    const clock = handClock();
    const { screen, ours } = await open({}, { clock });
    const viewer = await greetAsViewer(screen);
    screen.end();
    await sleep(20);
    expect(ours.destroyed).toBe(false);
    clock.advance(2000);
    await viewer.closed;
    expect(ours.destroyed).toBe(true);
  });

  it('tells the viewer that the connection broke', async () => {
    const { screen, ours } = await open();
    const viewer = await greetAsViewer(screen);
    ours.destroy(new Error('ECONNRESET'));
    expect(await viewer.closed).toBe('the connection to the screen broke: ECONNRESET');
  });
});

describe('a viewer', () => {
  it('that may only look does so, and is sent away with a message that nobody knows', async () => {
    const { screen, server, ours } = await open({}, { viewOnly: true });
    const viewer = await greetAsViewer(screen);
    viewer.send(Buffer.concat([keyPress(0x61), updateRequest(4, 3, false), keyPress(0x62)]));
    viewer.send(updateRequest(4, 3, true));
    expect(await server.take(20)).toEqual(
      Buffer.concat([updateRequest(4, 3, false), updateRequest(4, 3, true)]),
    );
    viewer.send(Uint8Array.of(127));
    expect(await viewer.closed).toMatch(/message of type 127.*view-only/);
    expect(ours.destroyed).toBe(true);
  });

  it('that does not begin is sent away', async () => {
    const clock = handClock();
    const { screen, ours } = await open({}, { clock });
    const closed = new Promise<Error>((resolve) => screen.once('error', resolve));
    screen.write('RFB 003.0');
    await sleep(10);
    clock.advance(10_000);
    expect(await closed).toMatchObject({
      code: 'refused',
      message: /did not begin to speak RFB within 10 s/,
    });
    expect(ours.destroyed).toBe(true);
  });

  it('may say anything: it is served or sent away with a ConsoleError', async () => {
    const starts = fc.constantFrom('', 'RFB 003.008\n', 'RFB 003.003\n', 'RFB 003.008\n\u0001\u0001');
    await fc.assert(
      fc.asyncProperty(
        starts,
        fc.uint8Array({ maxLength: 80 }),
        fc.boolean(),
        async (start, rest, viewOnly) => {
          const { screen, server, ours } = await open({}, { viewOnly });
          server.end.on('readable', () => void server.end.read());
          const errors: Error[] = [];
          screen.on('error', (fault) => errors.push(fault));
          screen.resume();
          const closed = new Promise((resolve) => screen.once('close', resolve));
          screen.end(Buffer.concat([Buffer.from(start, 'latin1'), rest]));
          server.end.once('end', () => server.end.end());
          await closed;
          expect(errors.filter((error) => !(error instanceof ConsoleError))).toEqual([]);
          expect(ours.destroyed).toBe(true);
        },
      ),
      { numRuns: cases(1000) },
    );
  });
});
