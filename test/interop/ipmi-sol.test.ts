import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type BmcSim, type BmcSimOptions, createBmcSim } from '../../hardware-lab/bmc-sim/sim.ts';
import { defaultConfig } from '../../hardware-lab/bmc-sim/config.ts';
import { ByteReader } from '../../src/base/bytes.ts';
import { systemClock } from '../../src/base/clock.ts';
import { closeSession } from '../../src/ipmi/commands/app/close-session.ts';
import { setSolConfiguration } from '../../src/ipmi/commands/transport/configuration.ts';
import { solParameter } from '../../src/ipmi/commands/transport/sol-parameters.ts';
import {
  connectBmc,
  type IpmiTiming,
  openSol,
  type SolOptions,
  type SolStream,
} from '../../src/ipmi/index.ts';
import { type SerialLine, startSerialLine } from '../ipmi/sol/serial-line.ts';
import { type Watcher, watcher } from '../ipmi/sol/watcher.ts';
import { ipmiErrorOf, realDeps } from '../support/ipmi-deps.ts';
import { endSim, type IpmiSim, simAdmin, simTool, startIpmiSim } from '../support/ipmi-sim.ts';
import { lossyRelay } from '../support/lossy-relay.ts';
import { needTools } from '../support/need.ts';

const quick: Partial<IpmiTiming> = { retryMs: [50, 100, 200], deadlineMs: 1500, closeMs: 200 };
const soon = { reattachMs: [50, 200], watchMs: 200 };
const login = { username: simAdmin.name, password: simAdmin.password };
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

interface At {
  readonly address: string;
  readonly port: number;
}

let open: SolStream[] = [];
async function closeAll(): Promise<void> {
  await Promise.all(open.map((stream) => stream.close()));
  open = [];
}

const connectTo =
  ({ address, port }: At, privilege: 'operator' | 'administrator' = 'operator') =>
  () =>
    connectBmc({ ...login, address, port, privilege }, realDeps, quick);

async function openConsole(at: At, over: Partial<SolOptions> = {}): Promise<[SolStream, Watcher]> {
  const stream = await openSol({ connect: connectTo(at), clock: systemClock, timing: soon, ...over });
  open.push(stream);
  const eyes = watcher();
  stream.subscribe(eyes, 0);
  return [stream, eyes];
}

/** Bytes of every value, also those that a serial protocol could take for its own. */
const everyByte = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7) & 0xff);
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

describe.skipIf(!needTools(simTool))('serial over LAN with ipmi_sim', () => {
  let line: SerialLine;
  let sim: IpmiSim;
  async function start(echo: boolean): Promise<void> {
    line = await startSerialLine(echo);
    sim = await startIpmiSim({ address: '127.9.31.1', serialPort: line.port });
  }
  afterEach(async () => {
    await closeAll();
    await sim.close();
    await line.close();
  });

  it('carries every byte both ways, in packets as large as this BMC takes', async () => {
    await start(false);
    const [stream, eyes] = await openConsole(sim);
    const down = everyByte(2000);
    const up = everyByte(20_000);
    line.print(up);
    await stream.write(down);
    await expect.poll(() => line.typed(), { timeout: 10_000 }).toBe(latin1(down));
    await expect.poll(() => eyes.text().length, { timeout: 10_000 }).toBe(up.length);
    expect(eyes.text()).toBe(latin1(up));
    expect(eyes.kinds()).toEqual([]);
    expect(stream.kept()).toEqual({ start: 0, end: up.length });
  });

  it('keys come back one by one, a break arrives, and a second reader resumes from an offset', async () => {
    await start(true);
    const [stream, eyes] = await openConsole(sim);
    for (const key of 'hello') await stream.write(ascii(key));
    await eyes.sees('hello');
    const late = watcher();
    stream.subscribe(late, 2);
    expect(late.text()).toBe('llo');
    await stream.sendBreak();
    // ipmi_sim puts a break on a TCP line as telnet does, and only once something follows it.
    await stream.write(ascii('.'));
    await late.sees('llo\xff\xf3.');
    await stream.close();
    expect(eyes.kinds()).toEqual(['ended']);
    expect((await ipmiErrorOf(stream.write(ascii('x')))).code).toBe('closed');
  });

  it('is refused while another session has it, and taken over on request only', async () => {
    await start(true);
    await openConsole(sim);
    const error = await ipmiErrorOf(openConsole(sim));
    expect(error).toMatchObject({ code: 'busy', data: { completionCode: 0x80, consoleInUse: true } });
    const [second, eyes] = await openConsole(sim, { takeOver: true });
    await second.write(ascii('mine'));
    await eyes.sees('mine');
  });

  it('is attached again when its session ends on the BMC', async () => {
    await start(true);
    let sessionId = 0;
    const none = { seed: 1, loss: 0, duplicate: 0, maxDelayMs: 1 };
    const relay = await lossyRelay(sim, none, (datagram) => {
      // The first authenticated packet is ours and names the session of the BMC. IPMI 2.0 §13.6
      if (sessionId === 0 && datagram[4] === 0x06 && ((datagram[5] ?? 0) & 0x40) !== 0)
        sessionId = new ByteReader(datagram, 6).u32le('session id');
      return false;
    });
    try {
      const [stream, eyes] = await openConsole(relay.at);
      await stream.write(ascii('before '));
      await eyes.sees('before ');
      const other = await connectTo(sim, 'administrator')();
      await other.run(closeSession, sessionId);
      await other.close();
      await eyes.hears('attached');
      expect(eyes.kinds()).toEqual(['detached', 'gap reattached', 'attached']);
      await stream.write(ascii('after'));
      await eyes.sees('before after');
      await stream.close();
    } finally {
      await relay.close();
    }
  });

  it('is attached again when the network is back and the BMC has dropped the lost session, and ends nobody for that', async () => {
    await start(true);
    let cut = false;
    let sessionId = 0;
    const none = { seed: 1, loss: 0, duplicate: 0, maxDelayMs: 1 };
    const relay = await lossyRelay(sim, none, (datagram) => {
      if (sessionId === 0 && datagram[4] === 0x06 && ((datagram[5] ?? 0) & 0x40) !== 0)
        sessionId = new ByteReader(datagram, 6).u32le('session id');
      return cut;
    });
    try {
      let tries = 0;
      const connect = () => {
        tries++;
        return connectTo(relay.at)();
      };
      const [stream, eyes] = await openConsole(relay.at, { connect, takeOver: true });
      await stream.write(ascii('before '));
      await eyes.sees('before ');
      cut = true;
      await eyes.hears('detached');
      expect((await ipmiErrorOf(stream.write(ascii('x')))).code).toBe('no-answer');
      cut = false;
      const other = await connectTo(sim, 'administrator')();
      const soFar = tries;
      // Two tries that come through find it in use, by our own lost session as it happens.
      await expect.poll(() => tries, { timeout: 15_000 }).toBeGreaterThan(soFar + 2);
      expect(eyes.kinds()).toEqual(['detached', 'gap reattached']);
      // As the BMC does after a minute of silence.
      await other.run(closeSession, sessionId);
      await other.close();
      await eyes.hears('attached');
      await stream.write(ascii('after'));
      await eyes.sees('before after');
      await stream.close();
    } finally {
      await relay.close();
    }
  }, 30_000);

  // ipmi_sim takes a datagram that the network repeats for a new one, and gives up output that grows while it repeats it: neither is tried.
  it('gets through a network that loses', async () => {
    await start(false);
    const faults = { seed: 12, loss: 0.15, duplicate: 0, maxDelayMs: 20 };
    const relay = await lossyRelay(sim, faults);
    try {
      const [stream, eyes] = await openConsole(relay.at);
      const text = everyByte(400);
      await stream.write(text);
      await expect.poll(() => line.typed(), { timeout: 5000 }).toBe(latin1(text));
      line.print(text.subarray(0, 100));
      await expect.poll(() => eyes.text(), { timeout: 15_000 }).toBe(latin1(text.subarray(0, 100)));
      expect(relay.dropped()).toBeGreaterThan(0);
      await stream.close();
    } finally {
      await relay.close();
    }
  }, 30_000);
});

const qemu = { tool: 'qemu-system-x86_64', package: 'qemu-system-x86' } as const;

it.skipIf(!needTools(simTool, qemu))(
  'shows the firmware of a real machine, and its boot menu takes our keys',
  async () => {
    const serialPort = await freeTcpPort();
    const serial = `tcp:127.0.0.1:${serialPort},server=on,wait=off`;
    const args = ['-S', '-nographic', '-nodefaults', '-m', '64', '-boot', 'menu=on', '-monitor', 'stdio'];
    const machine = spawn('qemu-system-x86_64', [...args, '-serial', serial]);
    let sim: IpmiSim | undefined;
    try {
      // Its monitor speaks once the serial port listens.
      await new Promise((resolve) => machine.stdout.once('data', resolve));
      sim = await startIpmiSim({ address: '127.9.31.2', serialPort });
      const [stream, eyes] = await openConsole(sim);
      machine.stdin.write('cont\n');
      await eyes.sees('SeaBIOS');
      await eyes.sees('Press ESC for boot menu');
      await stream.write(Uint8Array.of(0x1b));
      await eyes.sees('Select boot device');
      expect(eyes.kinds()).toEqual([]);
    } finally {
      await closeAll();
      await endSim(machine);
      await sim?.close();
    }
  },
  60_000,
);

function freeTcpPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const at = server.address();
      server.close(() => (at && typeof at === 'object' ? resolve(at.port) : reject(new Error('no port'))));
    });
  });
}

describe('serial over LAN with our BMC simulator', () => {
  let sim: BmcSim;
  async function start(over: Partial<BmcSimOptions> = {}): Promise<BmcSim> {
    sim = await createBmcSim({ bind: { address: '127.9.31.3', port: 0 }, ...over });
    return sim;
  }
  afterEach(async () => {
    await closeAll();
    await sim.close();
  });
  const typed = (): string => latin1(sim.state().sol?.typed ?? new Uint8Array());
  const long = Array.from({ length: 200 }, (_, i) => `line ${i} of a long text of the firmware\r\n`).join('');

  it.each([3, 17])('shows a whole boot log and types at its login (suite %i)', async (suite) => {
    await start({ suites: [suite], console: { ...defaultConfig.console, text: `${long}login: ` } });
    const [stream, eyes] = await openConsole(sim);
    await eyes.sees('login: ');
    expect(eyes.text()).toBe(`${long}login: `);
    await stream.write(ascii('root\r'));
    await eyes.sees('login: root\r');
    await stream.sendBreak();
    await eyes.sees('<break>');
    expect(sim.state().sol?.breaks).toBe(1);
    await stream.close();
    expect(sim.state().sol).toBeUndefined();
    expect(sim.state().sessions).toEqual([]);
  });

  it('types at a port that takes four characters at once, and refuses some packets', async () => {
    await start({ faults: { solNack: 3 }, console: { ...defaultConfig.console, acceptAtMost: 4 } });
    const [stream, eyes] = await openConsole(sim);
    await stream.write(ascii('a-long-user-name-and-a-long-password'));
    expect(typed()).toBe('a-long-user-name-and-a-long-password');
    await eyes.sees('a-long-user-name-and-a-long-password');
  });

  it('loses nothing on a network that loses, repeats and reorders', async () => {
    await start({ console: { ...defaultConfig.console, text: long } });
    const [stream, eyes] = await openConsole(sim);
    sim.setFaults({ loss: 0.2, duplicate: 0.2, reorder: 0.2 });
    await stream.write(ascii('typed in a storm'));
    expect(typed()).toBe('typed in a storm');
    await expect
      .poll(() => eyes.text().length, { timeout: 25_000 })
      .toBe(long.length + 'typed in a storm'.length);
    sim.setFaults({ loss: 0, duplicate: 0, reorder: 0 });
  }, 30_000);

  it('holds the output back and lets it go on', async () => {
    await start();
    const [stream, eyes] = await openConsole(sim);
    await eyes.sees('login: ');
    await stream.pause(true);
    sim.writeSerial('held');
    await stream.write(ascii('x'));
    expect(sim.state().sol?.paused).toBe(true);
    expect(eyes.text()).not.toContain('held');
    await stream.pause(false);
    await eyes.sees('held');
  });

  it('ends when another console takes it over', async () => {
    await start();
    const [first, firstEyes] = await openConsole(sim);
    await openConsole(sim, { takeOver: true });
    await firstEyes.hears('ended');
    expect(firstEyes.events.at(-1)).toMatchObject({ kind: 'ended', error: { code: 'closed' } });
    expect((await ipmiErrorOf(first.write(ascii('x')))).code).toBe('closed');
    expect(sim.state().sol).toBeDefined();
  });

  it('is attached again after the BMC restarted, and what was being typed is told as uncertain', async () => {
    await start();
    const [stream, eyes] = await openConsole(sim);
    await eyes.sees('login: ');
    sim.restartBmc();
    const error = await ipmiErrorOf(stream.write(ascii('lost')));
    expect(error).toMatchObject({ data: { accepted: 0, mayHaveRun: true } });
    await eyes.hears('attached');
    expect(eyes.kinds()).toEqual(['detached', 'gap reattached', 'attached']);
    // What is typed while it still greets would stand in the middle of that.
    await eyes.sees('login: Rackwright BMC simulator\r\nlogin: ');
    await stream.write(ascii('root'));
    await eyes.sees('login: root');
  }, 30_000);

  it('says what to do where it is switched off, and leaves no session behind', async () => {
    await start();
    const admin = await connectTo(sim, 'administrator')();
    const off = { channel: 0x0e, parameter: solParameter.enable, value: Uint8Array.of(0) };
    await admin.run(setSolConfiguration, off);
    await admin.close();
    const error = await ipmiErrorOf(openConsole(sim));
    expect(error).toMatchObject({ code: 'command-failed', data: { completionCode: 0x81 } });
    expect(error.message).toMatch(/enable it/);
    expect(sim.state().sessions).toEqual([]);
  });
});
