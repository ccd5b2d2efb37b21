import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BmcSim, createBmcSim } from '../../hardware-lab/bmc-sim/sim.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import { chassisMachines } from '../../src/console/machines/chassis.ts';
import type { SerialLine, SerialNews } from '../../src/console/ports.ts';
import { getSessionInfo } from '../../src/ipmi/commands/app/get-session-info.ts';
import { connectBmc, openSol } from '../../src/ipmi/index.ts';
import { bmcAccess } from '../../src/provision/bmc-access.ts';
import { createProvision, type Provision } from '../../src/provision/create.ts';
import { realDeps } from '../support/ipmi-deps.ts';
import { endSim, type IpmiSim, simAdmin, simTool, startIpmiSim } from '../support/ipmi-sim.ts';
import { keepingLog } from '../support/keeping-log.ts';
import { needTools } from '../support/need.ts';
import { stageSeconds } from '../support/provision-harness.ts';
import { type ScratchStore, scratchStore } from '../support/scratch-store.ts';

/** Consoles of chassis through the domain and its shared BMC sessions, as main puts them together. */
const { clock, random } = realDeps;
const quick = { retryMs: [50, 100, 200], deadlineMs: 1500, closeMs: 200 };
const patience = { timeout: 20_000, interval: 20 };
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const login = { username: simAdmin.name, password: simAdmin.password };

let store: ScratchStore;
let provision: Provision;
async function startDomain(): Promise<void> {
  const log = keepingLog();
  const openIso = () => Promise.reject(new Error('no files'));
  provision = createProvision({
    store: store.provision,
    netboot: {
      interfaceAddresses: () => [],
      start: async () => {},
      update: () => {},
      otherServers: async () => [],
      stop: async () => {},
      bootUrl: () => undefined,
    },
    openBmcAccess: bmcAccess({
      ipmi: { ...realDeps, log },
      store: store.provision,
      privilege: 'administrator',
      timing: quick,
    }),
    imageAccess: {
      files: { openFile: openIso, openIso },
      keepOut: '/nowhere',
      imageOf: () => Promise.resolve(undefined),
    },
    images: { inspector: { kernel: '', initrd: '', kernelArguments: [] }, installer: undefined },
    placementOf: async () => ({ cluster: undefined, refusal: undefined, serverClusters: new Map() }),
    notify: () => {},
    stageSeconds,
    maxRunsPerMinute: 20,
    powerPollSeconds: 0,
    clock,
    random,
    log,
  });
  await provision.start();
}
beforeEach(async () => {
  store = await scratchStore();
  await startDomain();
});
afterEach(async () => {
  await provision.close();
  await store.close();
});

const machines = () =>
  chassisMachines(provision.consoles, {
    clock,
    log: keepingLog(),
    connectTcp: () => Promise.reject(new Error('no screen here')),
    timing: { reattachMs: [50, 200, 500], watchMs: 300, ownSessionMs: 5000 },
  });

async function enter({ address, port }: { address: string; port: number }): Promise<Uuid> {
  return provision.service.createChassis({
    name: 'node',
    ipmiAddress: address,
    ipmiPort: port,
    ipmiUsername: login.username,
    ipmiPassword: login.password,
    // Not measured: that would open sessions beside the one that is counted.
    systemTags: ['skipIpmiCheck::true'],
  });
}

interface Open {
  readonly line: SerialLine;
  readonly news: readonly SerialNews[];
  readonly text: () => string;
  readonly kinds: () => readonly string[];
  readonly sees: (wanted: string) => Promise<void>;
}

const open: SerialLine[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((line) => line.close()));
});

async function openLine(uuid: Uuid, takeOver = false): Promise<Open> {
  const news: SerialNews[] = [];
  const subject = { kind: 'chassis', uuid, name: 'node' } as const;
  const line = await machines().openSerial(subject, { takeOver }, (one) => void news.push(one));
  open.push(line);
  const text = (): string =>
    news.flatMap((one) => (one.kind === 'output' ? [Buffer.from(one.data).toString('latin1')] : [])).join('');
  return {
    line,
    news,
    text,
    kinds: () => news.map(({ kind }) => kind).filter((kind) => kind !== 'output'),
    async sees(wanted) {
      await expect.poll(text, patience).toContain(wanted);
    },
  };
}

describe.skipIf(!needTools(simTool, { tool: 'qemu-system-x86_64', package: 'qemu-system-x86' }))(
  'the serial port of a machine behind ipmi_sim',
  () => {
    let machine: ChildProcess;
    let serialPort: number;
    let sim: IpmiSim;
    const at = () => ({ address: sim.address, port: sim.port });
    const monitor = (command: string): void => void machine.stdin?.write(`${command}\n`);
    beforeEach(async () => {
      serialPort = await freeTcpPort();
      const serial = `tcp:127.0.0.1:${serialPort},server=on,wait=off`;
      const args = ['-S', '-nographic', '-nodefaults', '-m', '64', '-boot', 'menu=on', '-monitor', 'stdio'];
      machine = spawn('qemu-system-x86_64', [...args, '-serial', serial]);
      // Its monitor speaks once the serial port listens.
      await new Promise((resolve) => machine.stdout?.once('data', resolve));
      sim = await startIpmiSim({ address: '127.9.32.1', serialPort, powerOn: true });
    });
    afterEach(async () => {
      await endSim(machine);
      await sim.close();
    });

    it('is read and typed at, and other commands go on beside it through the same session', async () => {
      const uuid = await enter(sim);
      const console = await openLine(uuid);
      monitor('cont');
      await console.sees('Press ESC for boot menu');
      for (let i = 0; i < 3; i++) expect(await provision.service.powerStatus(uuid)).toBe('ON');
      await provision.service.power(uuid, 'off');
      expect(sim.powerOn()).toBe(false);
      const asker = await connectBmc({ ...at(), ...login, privilege: 'administrator' }, realDeps, quick);
      const { active } = await asker.run(getSessionInfo, 'own');
      await asker.close();
      // The one that asks, and the one that all others share.
      expect(active).toBe(2);
      await console.line.write(Uint8Array.of(0x1b));
      await console.sees('Select boot device');
      expect(console.kinds()).toEqual([]);
    }, 40_000);

    it('has one reader: another is told that it is in use, and takes it over if that is wished', async () => {
      const uuid = await enter(sim);
      const stranger = await openSol({
        connect: () => connectBmc({ ...at(), ...login, privilege: 'operator' }, realDeps, quick),
        clock,
      });
      await expect(openLine(uuid)).rejects.toMatchObject({
        code: 'in-use',
        message: expect.stringContaining('take it over'),
      });
      const mine = await openLine(uuid, true);
      monitor('cont');
      await mine.sees('SeaBIOS');
      // A second one of ours is no exception.
      await expect(openLine(uuid)).rejects.toMatchObject({ code: 'in-use' });
      await expect(openLine(uuid, true)).rejects.toMatchObject({ code: 'in-use' });
      await mine.line.write(Uint8Array.of(0x1b));
      await mine.sees('Select boot device');
      // Not before: this BMC tells nobody that its console is gone, and lets anybody end it.
      await stranger.close();
    }, 40_000);

    it('goes on with a gap mark when the BMC died and came back', async () => {
      const uuid = await enter(sim);
      const console = await openLine(uuid);
      monitor('cont');
      await console.sees('SeaBIOS');
      const { port } = sim;
      await sim.close();
      await expect.poll(() => console.kinds(), patience).toContain('detached');
      await expect(console.line.write(ascii('x'))).rejects.toMatchObject({ code: 'failed' });
      sim = await startIpmiSim({ address: '127.9.32.1', serialPort, port });
      await expect.poll(() => console.kinds(), patience).toContain('attached');
      expect(console.kinds()).toEqual(['detached', 'gap', 'attached']);
      const before = console.text().length;
      monitor('system_reset');
      await expect.poll(() => console.text().slice(before), patience).toContain('SeaBIOS');
    }, 50_000);
  },
);

describe('the serial port of a machine behind our BMC simulator', () => {
  let sim: BmcSim;
  let at: { address: string; port: number };
  beforeEach(async () => {
    sim = await createBmcSim({ bind: { address: '127.9.32.2', port: 0 }, powerOn: true });
    at = { address: '127.9.32.2', port: sim.port };
  });
  afterEach(() => sim.close());

  it('shares one session with power, readings and looks for as long as it is open', async () => {
    const uuid = await enter(at);
    const { line, sees } = await openLine(uuid);
    await sees('login: ');
    expect(await provision.service.powerStatus(uuid)).toBe('ON');
    await provision.service.fru(uuid).catch(() => undefined);
    await provision.service.sensors(uuid).catch(() => undefined);
    await provision.service.power(uuid, 'off');
    await provision.service.power(uuid, 'on');
    expect(sim.state().sessions.length).toBe(1);
    await line.write(ascii('root'));
    await sees('login: root');
    await line.close();
    expect(sim.state().sol).toBeUndefined();
    // The session is everybody's.
    expect(sim.state().sessions.length).toBe(1);
    expect(await provision.service.powerStatus(uuid)).toBe('ON');
    expect(sim.state().sessions.length).toBe(1);
  }, 30_000);

  it('moves to a new session when the chassis gets other credentials, and ends with the chassis', async () => {
    const uuid = await enter(at);
    const { kinds, news, line, sees } = await openLine(uuid);
    await sees('login: ');
    await provision.service.updateChassis(uuid, {
      systemTags: ['ipmiCipherSuite::3', 'skipIpmiCheck::true'],
    });
    expect(await provision.service.powerStatus(uuid)).toBe('ON');
    await expect.poll(kinds, patience).toContain('attached');
    await line.write(ascii('moved'));
    await sees('moved');
    expect(sim.state().sessions.length).toBe(1);
    await provision.service.deleteChassis(uuid);
    await expect.poll(kinds, patience).toContain('ended');
    expect(news.at(-1)).toMatchObject({
      kind: 'ended',
      text: expect.stringContaining('there is no chassis'),
    });
    await expect.poll(() => sim.state().sessions.length, patience).toBe(0);
  }, 30_000);
});

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
