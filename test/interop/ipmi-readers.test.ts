import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BmcSession, connectBmc } from '../../src/ipmi/index.ts';
import { readFru } from '../../src/ipmi/fru/read-fru.ts';
import { readLanConfig } from '../../src/ipmi/lan-config.ts';
import { clearSel } from '../../src/ipmi/sel/clear-sel.ts';
import { readSel } from '../../src/ipmi/sel/read-sel.ts';
import { readSdr } from '../../src/ipmi/sdr/read-sdr.ts';
import { readSensors } from '../../src/ipmi/sensors/read-sensors.ts';
import { readUsers } from '../../src/ipmi/users.ts';
import { createBmcFleet } from '../../hardware-lab/bmc-sim/fleet.ts';
import { type GoldenSim, startGoldenSim } from '../ipmi/commands/golden-sim.ts';
import { realDeps } from '../support/ipmi-deps.ts';
import { simTool } from '../support/ipmi-sim.ts';
import { needTools } from '../support/need.ts';
import { runConsole } from '../support/run-console.ts';

const ipmitool = { tool: 'ipmitool', package: 'ipmitool' } as const;

const cells = (text: string): string[][] =>
  text
    .trim()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()));

/** Our client and ipmitool ask the same BMC, which we did not write, in one run: they must tell the same. */
describe.skipIf(!needTools(simTool, ipmitool))('readers against ipmi_sim', () => {
  let sim: GoldenSim;
  let session: BmcSession;
  beforeAll(async () => {
    sim = await startGoldenSim();
    session = await connectBmc({ ...sim, privilege: 'administrator' }, realDeps);
  });
  afterAll(async () => {
    await session?.close();
    await sim?.close();
  });

  const ask = async (...words: string[]): Promise<string> => {
    const where = ['-H', sim.address, '-p', String(sim.port), '-U', sim.username, '-E'];
    const args = ['-I', 'lanplus', '-C', '3', ...where, ...words];
    return (await runConsole('ipmitool', args, { IPMI_PASSWORD: sim.password })).text;
  };

  it('sensors', async () => {
    const { sensors, problems } = await session.exclusively((execute) => readSensors(execute));
    expect(problems).toEqual([]);
    const analog = sensors.filter(({ value }) => value !== undefined);
    const said = cells(await ask('sensor')).filter(([, , unit]) => unit !== 'discrete');
    expect(analog.map(({ name, value }) => [name, value?.toFixed(3)])).toEqual(
      said.map(([name, value]) => [name, value]),
    );
    expect(analog.length).toBe(5);
    expect(sensors.find(({ name }) => name === 'PSU2')).toMatchObject({
      state: 'critical',
      states: ['input lost'],
      entity: 'power supply 2',
    });
  });

  it('event log, whole and its newest entries, and cleared', async () => {
    const { records } = await session.exclusively(readSdr);
    const all = await session.exclusively((execute) => readSel(execute, { sensors: records }));
    const said = cells(await ask('sel', 'elist'));
    expect(all.entries.map(({ recordId }) => recordId.toString(16))).toEqual(said.map(([id]) => id));
    expect(all.entries[1]?.text).toBe('upper critical going high, reading 152 °C, threshold 144 °C');
    const newest = await session.exclusively((execute) => readSel(execute, { limit: 3, sensors: records }));
    expect(newest).toMatchObject({ entries: all.entries.slice(-3), olderLeftOut: true, problems: [] });
    await session.exclusively((execute) => clearSel(execute, async () => {}));
    expect((await session.exclusively((execute) => readSel(execute))).entries).toEqual([]);
    expect(await ask('sel', 'elist')).toContain('no entries');
  });

  it('FRU inventory', async () => {
    const { product, board, chassis, problems } = await session.exclusively((execute) => readFru(execute));
    expect(problems).toEqual([]);
    const said = await ask('fru', 'print', '0');
    const serials = [chassis?.serialNumber, board?.serialNumber, product?.serialNumber];
    expect(serials).toEqual(['CHSER01', '12345 -67.', 'SER0001']);
    for (const serial of serials) expect(said).toContain(serial);
  });

  it('users and LAN settings', async () => {
    const { users } = await session.exclusively((execute) => readUsers(execute, 1));
    expect(users.slice(0, 3).map(({ id, name, privilege }) => [id, name, privilege])).toEqual([
      [1, '', 4],
      [2, 'admin', 4],
      [3, 'oper', 3],
    ]);
    const { cipherSuites } = await session.exclusively((execute) => readLanConfig(execute, 1));
    expect(await ask('lan', 'print', '1')).toContain(
      `RMCP+ Cipher Suites     : ${cipherSuites.map(({ id }) => id).join(',')}`,
    );
  });
});

describe('readers against our simulator', () => {
  it('sensors, FRU and event log over UDP', async () => {
    const at = { address: '127.8.250.1', port: 9673 };
    const fleet = await createBmcFleet({ count: 1, firstAddress: at.address, port: at.port, powerOn: true });
    try {
      const target = { ...at, username: 'oper', password: 'oper-secret' };
      const session = await connectBmc(target, realDeps);
      try {
        const { sensors } = await session.exclusively((execute) => readSensors(execute));
        expect(sensors.find(({ name }) => name === 'CPU Temp')).toMatchObject({
          unit: '°C',
          state: 'ok',
          thresholds: { upperNonCritical: 80, upperCritical: 90, upperNonRecoverable: 100 },
        });
        const { product } = await session.exclusively((execute) => readFru(execute));
        expect(product?.productName).toBe('Simulated Server');
        await session.chassisControl('power-down');
        await expect
          .poll(async () => (await session.exclusively((execute) => readSel(execute))).entries.length, {
            timeout: 10_000,
          })
          .toBeGreaterThan(0);
      } finally {
        await session.close();
      }
    } finally {
      await fleet.close();
    }
  });
});
