import { describe, expect, it } from 'vitest';
import { readSensors, type SensorReading } from '../../../src/ipmi/sensors/read-sensors.ts';
import { golden } from '../commands/golden.ts';
import { boardOf, executeOn } from '../commands/replay.ts';

/** Lines of `ipmitool sensor`: name, reading, unit, state, and thresholds from lower non-recoverable to upper non-recoverable. */
const rowsOf = (name: string) =>
  golden(name)
    .text.trim()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()));

const units: Readonly<Record<string, string>> = {
  'degrees C': '°C',
  RPM: 'RPM',
  Volts: 'V',
  percent: '%',
};

const states: Readonly<Record<string, SensorReading['state']>> = {
  ok: 'ok',
  nc: 'warning',
  cr: 'critical',
  nr: 'non-recoverable',
};

const thresholdColumns = [
  'lowerNonRecoverable',
  'lowerCritical',
  'lowerNonCritical',
  'upperNonCritical',
  'upperCritical',
  'upperNonRecoverable',
] as const;

describe.each(['sensor', 'own-sensor'])('readings are what ipmitool says: %s', (capture) => {
  it('numbers, units, states and thresholds', async () => {
    const { sensors, problems } = await readSensors(executeOn(boardOf(capture)));
    expect(problems).toEqual([]);
    let compared = 0;
    for (const [name = '', reading = '', unit = '', state = '', ...thresholds] of rowsOf(capture)) {
      if (unit === 'discrete') continue;
      const found = sensors.find((one) => one.name === name);
      expect([name, found?.value?.toFixed(3), found?.unit, found?.state]).toEqual([
        name,
        reading,
        units[unit],
        states[state],
      ]);
      for (const [at, column] of thresholdColumns.entries())
        expect([name, column, found?.thresholds[column]?.toFixed(3) ?? 'na']).toEqual([
          name,
          column,
          thresholds[at],
        ]);
      compared += 1;
    }
    expect(compared).toBeGreaterThanOrEqual(5);
  });
});

describe('states of discrete sensors', () => {
  it('in words, with the worst of them as the state', async () => {
    const { sensors } = await readSensors(executeOn(boardOf('sensor')));
    const facts = sensors.map(({ name, state, states, entity, type }) => ({
      name,
      state,
      states,
      entity,
      type,
    }));
    const dimm = { name: 'DIMM A1', state: 'absent', states: ['absent'], entity: 'memory device 1' };
    expect(facts).toContainEqual({ ...dimm, type: 'Entity Presence' });
    const power = { type: 'Power Supply' };
    expect(facts).toContainEqual({
      ...power,
      name: 'PSU1',
      state: 'ok',
      states: ['present'],
      entity: 'power supply 1',
    });
    expect(sensors.find(({ name }) => name === 'CMOS BATT 12')).toMatchObject({
      state: 'warning',
      states: ['battery low'],
    });
    expect(sensors.find(({ name }) => name === 'Memory Red')).toMatchObject({
      state: 'critical',
      states: ['redundancy lost'],
      value: undefined,
      unit: '',
    });
    expect(sensors.find(({ name }) => name === 'Fan 1')?.states).toEqual([
      'at or below lower critical',
      'at or below lower non-critical',
    ]);
  });

  it('a sensor that the BMC does not have now is absent; one that it refuses is unknown', async () => {
    const board = boardOf('sensor');
    const codes = new Map([
      [0x01, 0xcb],
      [0x02, 0xd4],
    ]);
    const { sensors } = await readSensors(
      executeOn((netFn, cmd, data, lun) =>
        netFn === 0x04 && cmd === 0x2d
          ? (codes.get(data[0] ?? 0) ?? board(netFn, cmd, data, lun))
          : board(netFn, cmd, data, lun),
      ),
    );
    expect(sensors.find(({ number }) => number === 1)).toMatchObject({ state: 'absent', value: undefined });
    expect(sensors.find(({ number }) => number === 2)).toMatchObject({
      state: 'unknown',
      states: ['the BMC refuses to read it (completion code 0xd4)'],
    });
  });

  it.each([
    ['00e00000', 'no reading available'],
    ['00800000', 'scanning is switched off'],
  ])('a reading %s is unknown: %s', async (reply, text) => {
    const board = boardOf('sensor');
    const { sensors } = await readSensors(
      executeOn((netFn, cmd, data, lun) =>
        netFn === 0x04 && cmd === 0x2d
          ? Uint8Array.from(reply.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
          : board(netFn, cmd, data, lun),
      ),
    );
    expect(sensors[0]).toMatchObject({ state: 'unknown', value: undefined, states: [text] });
  });
});
