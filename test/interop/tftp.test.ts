import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBootFiles } from '../../src/pxe/boot-files.ts';
import { toNetascii } from '../../src/pxe/tftp/netascii.ts';
import { needTools } from '../support/need.ts';
import { runProgram } from '../support/run-program.ts';
import { liveTftp, pattern, until } from '../support/tftp-peer.ts';

const folder = mkdtempSync(join(tmpdir(), 'rackwright-tftp-'));
const sizes = [0, 1, 511, 512, 513, 1467, 1468, 1469, 1_000_000];
const files: Record<string, Uint8Array> = {
  ...Object.fromEntries(sizes.map((size) => [`f${size}`, pattern(size)])),
  menu: Buffer.from('#!ipxe\n\nchain a\rb\r\n\n'.repeat(300)),
  'many-8': pattern(8 * 65_540),
  'many-512': pattern(512 * 65_600 + 7),
};
let live: Awaited<ReturnType<typeof liveTftp>>;
beforeAll(async () => {
  live = await liveTftp(files);
});
afterAll(async () => {
  await live.server.close();
  rmSync(folder, { recursive: true });
});

const bytes = (name: string): Buffer => Buffer.from(files[name]!);
let counter = 0;

async function atftp(
  name: string,
  options: readonly string[] = [],
  port = live.server.port,
): Promise<Buffer> {
  const to = join(folder, `out${counter++}`);
  const args = [
    ...options.flatMap((o) => ['--option', o]),
    '-g',
    '-r',
    name,
    '-l',
    to,
    '127.0.0.1',
    String(port),
  ];
  const { status, stderr } = await runProgram('atftp', args);
  if (status !== 0) throw new Error(`atftp: ${stderr}`);
  return readFileSync(to);
}

async function tftpHpa(name: string, mode = 'binary'): Promise<Buffer> {
  const to = join(folder, `out${counter++}`);
  const { stdout, stderr } = await runProgram('tftp', [
    '-m',
    mode,
    '127.0.0.1',
    String(live.server.port),
    '-c',
    'get',
    name,
    to,
  ]);
  const text = `${stdout.toString()}${stderr}`;
  if (text.includes('Error')) throw new Error(text);
  return readFileSync(to);
}

async function curl(name: string, ...args: string[]): Promise<Buffer> {
  const { status, stdout, stderr } = await runProgram('curl', [
    '-sS',
    ...args,
    `tftp://127.0.0.1:${live.server.port}/${name}`,
  ]);
  if (status !== 0) throw new Error(`curl ${status}: ${stderr}`);
  return stdout;
}

describe.skipIf(!needTools({ tool: 'atftp', package: 'atftp' }))('atftp', () => {
  const settings: string[][] = [
    [],
    ['blksize 1468'],
    ['blksize 1468', 'tsize enable', 'timeout 2'],
    ['blksize 65464'],
    ['windowsize 4'],
    ['blksize 1428', 'windowsize 16'],
    ['blksize 1468', 'windowsize 64'],
    ['tsize enable'],
  ];
  it.each(settings.map((s) => [s]))('fetches every size with %j', async (options) => {
    for (const size of sizes) {
      expect([`${size} bytes`, (await atftp(`f${size}`, options)).equals(bytes(`f${size}`))]).toEqual([
        `${size} bytes`,
        true,
      ]);
    }
  });
  it('goes past block 65535 with blocks of 8 bytes', async () => {
    expect((await atftp('many-8', ['blksize 8'])).equals(bytes('many-8'))).toBe(true);
  }, 60_000);
  it('goes past block 65535 with a window', async () => {
    expect((await atftp('many-8', ['blksize 8', 'windowsize 16'])).equals(bytes('many-8'))).toBe(true);
  }, 60_000);
  it('is refused a write and an unknown name', async () => {
    await expect(atftp('nothere')).rejects.toThrow(/not found|no file/i);
    const { stderr } = await runProgram('atftp', [
      '-p',
      '-l',
      '/etc/hostname',
      '-r',
      'f1',
      '127.0.0.1',
      String(live.server.port),
    ]);
    expect(stderr).toMatch(/error|abort/i);
    expect(live.events.at(-1)).toMatchObject({ phase: 'refused', reason: 'this server is read-only' });
    expect((await atftp('f1')).equals(bytes('f1'))).toBe(true);
  });
});

describe.skipIf(!needTools({ tool: 'tftp', package: 'tftp-hpa' }))('tftp-hpa', () => {
  it('fetches every size', async () => {
    for (const size of sizes) {
      expect([`${size} bytes`, (await tftpHpa(`f${size}`)).equals(bytes(`f${size}`))]).toEqual([
        `${size} bytes`,
        true,
      ]);
    }
  });
  it('fetches 33.6 MB in blocks of 512, past block 65535', async () => {
    expect((await tftpHpa('many-512')).equals(bytes('many-512'))).toBe(true);
  }, 90_000);
  it('fetches a text in netascii and has it back as it was', async () => {
    expect((await tftpHpa('menu', 'ascii')).equals(bytes('menu'))).toBe(true);
  });
});

describe.skipIf(!needTools({ tool: 'curl', package: 'curl' }))('curl', () => {
  // curl takes a tsize of 0 in an OACK, which is true of an empty file, for an error.
  const some = sizes.filter((size) => size > 0);
  it.each([
    { args: [], of: some },
    { args: ['--tftp-blksize', '1468'], of: some },
    { args: ['--tftp-no-options'], of: sizes },
  ])('fetches every size with $args', async ({ args, of }) => {
    for (const size of of) {
      expect([`${size} bytes`, (await curl(`f${size}`, ...args)).equals(bytes(`f${size}`))]).toEqual([
        `${size} bytes`,
        true,
      ]);
    }
  });
  it('fetches a text in netascii, which it leaves as it came', async () => {
    const { stdout } = await runProgram('curl', [
      '-sS',
      `tftp://127.0.0.1:${live.server.port}/menu;mode=netascii`,
    ]);
    expect(stdout.equals(Buffer.from(toNetascii(bytes('menu'))))).toBe(true);
  });
  it('fetches twelve files at a time', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `f${some[i % some.length]}`);
    const all = await Promise.all(names.map((name) => curl(name)));
    for (const [i, got] of all.entries())
      expect([names[i], got.equals(bytes(names[i]!))]).toEqual([names[i], true]);
  });
});

describe.skipIf(!needTools({ tool: 'busybox', package: 'busybox-static' }))('busybox tftp', () => {
  it.each([[[]], [['-b', '1468']]])('fetches every size with %j', async (args) => {
    for (const size of sizes) {
      const to = join(folder, `out${counter++}`);
      const command = [
        'tftp',
        '-g',
        ...args,
        '-r',
        `f${size}`,
        '-l',
        to,
        '127.0.0.1',
        String(live.server.port),
      ];
      const { status, stderr } = await runProgram('busybox', command);
      expect([size, status, stderr, readFileSync(to).equals(bytes(`f${size}`))]).toMatchObject([
        size,
        0,
        {},
        true,
      ]);
    }
  });
});

describe.skipIf(
  !needTools(
    { tool: 'atftp', package: 'atftp' },
    { tool: 'tftp', package: 'tftp-hpa' },
    { tool: 'curl', package: 'curl' },
  ),
)('all answers from one port', () => {
  it('suits atftp, tftp-hpa and curl', async () => {
    const usual = live;
    live = await liveTftp(files, { singlePort: true });
    try {
      for (const size of sizes.filter((some) => some > 0)) {
        const want = bytes(`f${size}`);
        const got = [
          await atftp(`f${size}`, ['blksize 1468', 'windowsize 16']),
          await tftpHpa(`f${size}`),
          await curl(`f${size}`),
        ];
        expect([size, ...got.map((one) => one.equals(want))]).toEqual([size, true, true, true]);
      }
    } finally {
      await live.server.close();
      live = usual;
    }
  });
});

describe.skipIf(
  !needTools({ tool: 'atftp', package: 'atftp' }, { tool: '/usr/lib/ipxe/undionly.kpxe', package: 'ipxe' }),
)('the loaders of the package ipxe', () => {
  it('arrive whole, every name of the table, and each ends with a done event', async () => {
    const loaders = await loadBootFiles();
    const { server, events } = await liveTftp({}, {}, { files: (name) => loaders.file(name) });
    expect(loaders.names.length).toBeGreaterThanOrEqual(2);
    for (const name of loaders.names) {
      const got = await atftp(`/${name}`, ['blksize 1468'], server.port);
      expect([name, got.equals(readFileSync(join('/usr/lib/ipxe', name)))]).toEqual([name, true]);
    }
    await until(() => events.filter((e) => e.phase === 'done').length === loaders.names.length);
    await server.close();
  });
});
