import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BmcSim, createBmcSim } from '../../hardware-lab/bmc-sim/sim.ts';
import { freeipmiConfig } from '../bmc-sim/freeipmi-config.ts';
import { needRoot, needTools } from '../support/need.ts';
import { runProgram } from '../support/run-program.ts';

const tools = ['ipmipower', 'bmc-info', 'ipmi-sensors', 'ipmi-sel', 'ipmi-fru', 'rmcpping'].map((tool) => ({
  tool,
  package: 'freeipmi-tools',
}));

const config = freeipmiConfig();
afterAll(() => config.remove());

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(what()).toBe(true);
}

/** FreeIPMI without workaround flags. Its programs speak IPMI 1.5 unless told LAN_2_0, and 1.5 is what this BMC does not. */
describe.skipIf(!needTools(...tools)).each(['3', '17'])('FreeIPMI with cipher suite %s', (suite) => {
  let sim: BmcSim;
  beforeAll(async () => {
    sim = await createBmcSim({ bind: { address: `127.8.4.${suite}`, port: 0 } });
  });
  afterAll(() => sim.close());

  async function run(program: string, ...args: readonly string[]): Promise<string> {
    const where = ['-D', 'LAN_2_0', '-h', `${sim.address}:${sim.port}`, '-I', suite];
    const { stdout, stderr } = await runProgram(program, [...config.options, ...where, ...args]);
    return stdout.toString() + stderr;
  }

  it('ipmipower: stat, on, off', async () => {
    expect(await run('ipmipower', '--stat')).toBe(`${sim.address}: off\n`);
    expect(await run('ipmipower', '--on')).toBe(`${sim.address}: ok\n`);
    await until(() => sim.state().power.on);
    expect(await run('ipmipower', '--stat')).toBe(`${sim.address}: on\n`);
    expect(await run('ipmipower', '--off')).toBe(`${sim.address}: ok\n`);
    await until(() => !sim.state().power.on);
    expect(await run('ipmipower', '--stat')).toBe(`${sim.address}: off\n`);
  });

  it('reads device, sensors, event log and inventory', async () => {
    expect(await run('bmc-info')).toMatch(/IPMI Version +: 2\.0/);
    const sensors = await run('ipmi-sensors', '--sdr-cache-directory', config.folder);
    expect(sensors).toMatch(/^2 +\| Inlet Temp +\| Temperature +\| 2[0-9]\.00 +\| C +\| 'OK'$/m);
    expect(sensors).toMatch(/PSU1 Status .*'Presence detected'/);
    const log = await run('ipmi-sel', '--sdr-cache-directory', config.folder);
    expect(log).toMatch(/System Boot Initiated \| Initiated by power up/);
    expect(await run('ipmi-fru', '--sdr-cache-directory', config.folder)).toContain('Simulated Server');
  });

  it('leaves no session behind', () => {
    expect(sim.state().sessions.length).toBe(0);
  });
});

describe.skipIf(!needTools(...tools))('what FreeIPMI is refused', () => {
  it('cipher suite 0 and IPMI 1.5', async () => {
    const sim = await createBmcSim({ bind: { address: '127.8.4.100', port: 0 } });
    try {
      const where = [...config.options, '-h', `${sim.address}:${sim.port}`];
      const zero = await runProgram('ipmipower', [...where, '-D', 'LAN_2_0', '-I', '0', '--stat']);
      expect(zero.stdout.toString()).toContain('cipher suite id unavailable');
      const old = await runProgram('ipmipower', [...where, '-D', 'LAN', '--stat']);
      expect(old.stdout.toString()).toContain('authentication type unavailable');
    } finally {
      await sim.close();
    }
  });
});

describe.skipIf(!needTools(...tools) || !needRoot())('at the well-known port', () => {
  it('rmcpping gets its pong', async () => {
    const sim = await createBmcSim({ bind: { address: '127.8.4.101', port: 623 } });
    try {
      const { stdout } = await runProgram('rmcpping', ['-c', '1', '-t', '2', sim.address]);
      expect(stdout.toString()).toMatch(/1 received|0\.0% packet loss/);
    } finally {
      await sim.close();
    }
  });
});
