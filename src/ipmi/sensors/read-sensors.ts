import { getSensorReading } from '../commands/sensor/get-sensor-reading.ts';
import {
  getSensorThresholds,
  type RawThresholds,
  type ThresholdName,
  thresholdNames,
} from '../commands/sensor/get-sensor-thresholds.ts';
import type { Execute } from '../execute.ts';
import { entityText } from '../sdr/entity.ts';
import { limitCommands } from '../sdr/limit-commands.ts';
import { completion, completionCodeOf } from '../sdr/read-pieces.ts';
import { readSdr } from '../sdr/read-sdr.ts';
import type { SdrRecord } from '../sdr/record.ts';
import type { SensorRecord } from '../sdr/sensor-record.ts';
import { readSensorValue } from '../sdr/sensor-value.ts';
import { unitText } from '../sdr/units.ts';
import { judgeReading, type SensorState } from './sensor-state.ts';
import { sensorTypeName } from './sensor-types.ts';
import { readingType } from './state-text.ts';

/** One sensor with its reading now. */
export interface SensorReading {
  readonly name: string;
  readonly number: number;
  readonly lun: number;
  /** Such as `Temperature`. */
  readonly type: string;
  /** Such as `power supply 2`. */
  readonly entity: string;
  /** In `unit`; undefined for sensors without numbers, or without a reading now. */
  readonly value: number | undefined;
  /** Such as `°C`; empty where the sensor has none. */
  readonly unit: string;
  readonly state: SensorState;
  /** In `unit`; those that the sensor has. */
  readonly thresholds: { readonly [name in ThresholdName]?: number };
  /** What is asserted, in words. */
  readonly states: readonly string[];
}

/** All sensors of a machine; `problems` tell in words what could not be read. */
export interface SensorsReading {
  readonly sensors: readonly SensorReading[];
  readonly problems: readonly string[];
}

/** IPMB address of the BMC; sensors of other owners are behind a bridge and are not asked for. IPMI 2.0 §5.4 */
const bmcAddress = 0x20;

/** A sensor takes two commands, a non-linear one up to nine; boards have up to some hundred sensors. */
const maxCommands = 8192;

/**
 * Reads every sensor that the machine's records name. `records` of an earlier reading save reading them again. A sensor that the BMC refuses
 * is `absent` (completion code 0xCB) or `unknown`. Rejects with IpmiError when the session fails. IPMI 2.0 §35.14
 */
export async function readSensors(
  unlimited: Execute,
  known?: { readonly records: readonly SdrRecord[]; readonly problems: readonly string[] },
): Promise<SensorsReading> {
  const { records, problems } = known ?? (await readSdr(unlimited));
  const execute = limitCommands(unlimited, maxCommands, 'the sensors');
  const sensors: SensorReading[] = [];
  for (const record of records) if (record.kind === 'sensor') sensors.push(await readSensor(execute, record));
  return { sensors, problems };
}

async function readSensor(execute: Execute, sensor: SensorRecord): Promise<SensorReading> {
  const facts = {
    name: sensor.name,
    number: sensor.number,
    lun: sensor.lun,
    type: sensorTypeName(sensor.type),
    entity: entityText(sensor.entity),
    unit: sensor.analog === undefined ? '' : unitText(sensor.unit),
  };
  const without = (state: SensorState, text: string): SensorReading => ({
    ...facts,
    value: undefined,
    state,
    thresholds: {},
    states: [text],
  });
  if (sensor.ownerId !== bmcAddress || sensor.channel !== 0)
    return without('unknown', 'belongs to another controller of the machine');
  try {
    const reply = await execute(getSensorReading, sensor.number, { lun: sensor.lun });
    const { state, states } = judgeReading(sensor, reply);
    const value = state === 'unknown' ? undefined : await readSensorValue(execute, sensor, reply.reading);
    return { ...facts, value, state, states, thresholds: await readThresholds(execute, sensor) };
  } catch (error) {
    const code = completionCodeOf(error);
    if (code === completion.notPresent) return without('absent', 'the BMC has no such sensor now');
    if (code === undefined) throw error;
    return without('unknown', `the BMC refuses to read it (completion code 0x${Number(code).toString(16)})`);
  }
}

/** Those in force, or those of the record where the BMC does not tell. IPMI 2.0 §35.9 */
async function readThresholds(execute: Execute, sensor: SensorRecord): Promise<SensorReading['thresholds']> {
  if (sensor.eventType !== readingType.threshold || sensor.analog === undefined) return {};
  const raw = sensor.thresholdsReadable
    ? await execute(getSensorThresholds, sensor.number, { lun: sensor.lun }).catch((error: unknown) => {
        if (completionCodeOf(error) === undefined) throw error;
        return sensor.thresholds;
      })
    : sensor.thresholds;
  return convertThresholds(execute, sensor, raw);
}

async function convertThresholds(
  execute: Execute,
  sensor: SensorRecord,
  raw: RawThresholds,
): Promise<SensorReading['thresholds']> {
  const found: { [name in ThresholdName]?: number } = {};
  for (const name of thresholdNames) {
    const byte = raw[name];
    const value = byte === undefined ? undefined : await readSensorValue(execute, sensor, byte);
    if (value !== undefined) found[name] = value;
  }
  return found;
}
