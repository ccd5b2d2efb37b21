import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LabProcess, sleep, startProcess, waitFor } from '../../hardware-lab/processes.ts';
import { listenForQmp, type Qmp } from '../../hardware-lab/qmp.ts';
import { systemClock } from '../../src/base/clock.ts';
import type { ScreenStream } from '../../src/console/ports.ts';
import { openScreen, takeScreenshot } from '../../src/console/screens.ts';
import { connectTcp } from '../../src/net/tcp.ts';
import { readPng } from '../console/rfb/read-png.ts';
import { greetAsViewer, keyPress, type TestViewer, updateRequest } from '../console/rfb/viewer.ts';
import { needFile, needTools } from '../support/need.ts';

const canRun =
  needTools({ tool: 'qemu-system-x86_64', package: 'qemu-system-x86' }) &&
  needFile('/usr/share/seabios/bios-256k.bin', 'seabios');

const clock = systemClock;
const password = 'Rack-8ch';
const escape = 0xff1b;

/** A machine without a disk whose BIOS offers its boot menu for a minute. */
const machine = [
  '-machine',
  'pc',
  '-accel',
  'tcg',
  '-m',
  '64',
  '-nodefaults',
  '-no-user-config',
  '-vga',
  'std',
];
const screen = ['-display', 'none', '-vnc', '127.0.0.1:0,to=99,password=on'];
const offered = ['-boot', 'menu=on,splash-time=60000', '-name', 'rw-vnc'];

describe.skipIf(!canRun)("QEMU's VNC server", () => {
  let folder = '';
  let qemu: LabProcess | undefined;
  let qmp: Qmp | undefined;
  let port = 0;

  async function source(given: string | undefined = password): Promise<ScreenStream> {
    return { stream: await connectTcp({ host: '127.0.0.1', port, timeoutMs: 5000, clock }), password: given };
  }

  async function screenPixels(): Promise<{
    readonly lit: number;
    readonly size: string;
    readonly colours: number;
  }> {
    const shot = await takeScreenshot(await source(), { clock });
    const { width, height, rgb } = readPng(shot.png);
    expect([width, height]).toEqual([shot.width, shot.height]);
    let lit = 0;
    const colours = new Set<number>();
    for (let at = 0; at < rgb.length; at += 3) {
      const colour = rgb.readUIntBE(at, 3);
      colours.add(colour);
      if (colour !== 0) lit += 1;
    }
    return { lit, size: `${width}x${height}`, colours: colours.size };
  }

  async function viewer(options: { readonly viewOnly: boolean }): Promise<TestViewer> {
    return greetAsViewer(await openScreen({ source: await source(), clock, ...options }));
  }

  /** Asks for the screen and reads the head of the answer: the server is still there and has taken all that came before. */
  async function isServed(by: TestViewer): Promise<void> {
    by.send(updateRequest(by.width, by.height, false));
    expect((await by.take(4))[0]).toBe(0);
  }

  /** Pixels that are lit once the screen is so and stands still (the cursor blinks, which is a dozen). */
  function settled(isSo: (lit: number) => boolean): Promise<number> {
    let last = -1;
    return waitFor('the screen', 15_000, async () => {
      const { lit } = await screenPixels();
      const isStill = last >= 0 && Math.abs(lit - last) < 100;
      last = lit;
      return isStill && isSo(lit) ? lit : undefined;
    });
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rackwright-vnc-'));
    const path = join(folder, 'qmp.sock');
    const monitor = await listenForQmp(path, () => undefined);
    const logFile = join(folder, 'qemu.log');
    qemu = await startProcess(
      'qemu-system-x86_64',
      [
        ...machine,
        ...offered,
        ...screen,
        '-chardev',
        `socket,id=monitor,path=${path}`,
        '-mon',
        'chardev=monitor,mode=control',
      ],
      { logFile },
    );
    const ended = qemu.exited.then(() => {
      throw new Error(`QEMU ended: ${readFileSync(logFile, 'utf8').trim()}`);
    });
    qmp = await Promise.race([monitor.ready, ended]);
    ended.catch(() => undefined);
    await qmp.execute('set_password', { protocol: 'vnc', password });
    const { service } = (await qmp.execute('query-vnc')) as { service: string };
    port = Number(service);
  });

  afterAll(async () => {
    qmp?.close();
    await qemu?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it('refuses a wrong password and a missing one, with texts that say so', async () => {
    const wrong = openScreen({ source: await source('Wrong-one'), viewOnly: false, clock });
    await expect(wrong).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/refuses the login: Authentication failed/) as string,
    });
    await expect(wrong).rejects.not.toThrow(/Wrong-on/);
    const { stream } = await source();
    await expect(takeScreenshot({ stream, password: undefined }, { clock })).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('wants a password') as string,
    });
  });

  it('takes a screenshot that another program can read and that shows the BIOS', async () => {
    await settled((lit) => lit > 500);
    const { colours, size } = await screenPixels();
    expect(colours).toBeGreaterThan(1);
    expect(size).toBe('720x400');
  });

  it('leaves a first viewer where it is when a second one and a screenshot come', async () => {
    const [first, second] = [await viewer({ viewOnly: false }), await viewer({ viewOnly: true })];
    expect(first.name).toContain('rw-vnc');
    await screenPixels();
    const clients = (await qmp?.execute('query-vnc')) as { clients: readonly unknown[] };
    expect(clients.clients.length).toBeGreaterThanOrEqual(2);
    await isServed(second);
    await isServed(first);
    first.close();
    second.close();
  });

  it("brings a viewer's key to the machine, and none of a viewer that may only look", async () => {
    const before = await settled((lit) => lit > 500);
    const looking = await viewer({ viewOnly: true });
    looking.send(keyPress(escape));
    await isServed(looking);
    // What the BIOS would do about the key takes it less than a second.
    await sleep(1500);
    expect(Math.abs((await screenPixels()).lit - before)).toBeLessThan(100);
    looking.close();

    const typing = await viewer({ viewOnly: false });
    typing.send(keyPress(escape));
    expect(await settled((lit) => Math.abs(lit - before) > 200)).toBeGreaterThan(before);
    typing.close();
  });
});
