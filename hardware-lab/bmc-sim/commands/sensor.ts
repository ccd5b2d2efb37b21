import { ByteReader } from '../../../src/base/bytes.ts';
import { netFn } from '../../../src/ipmi/commands/command.ts';
import { getSensorReading } from '../../../src/ipmi/commands/sensor/get-sensor-reading.ts';
import { getSensorThresholds } from '../../../src/ipmi/commands/sensor/get-sensor-thresholds.ts';
import { analogReading, crossed, sensors, type SimSensor } from '../sensors.ts';
import { addSelEvent } from '../sel.ts';
import { bytesRow, type CommandRow, completion, noData, refuse, row } from './row.ts';

/** Event messages and scanning are enabled. IPMI 2.0 §35.14 */
const enabled = 0xc0;
const scanned = { eventsEnabled: true, scanningEnabled: true, unavailable: false };

const sensorAt = (number: number): SimSensor | undefined => sensors.find((one) => one.number === number);
const find = (data: Uint8Array): SimSensor | undefined => sensorAt(new ByteReader(data).u8('sensor.number'));

/** Sensors. IPMI 2.0 §35 */
export const sensorCommands: readonly CommandRow[] = [
  bytesRow(netFn.sensor, 0x02, 'operator', ({ bmc, now }, data) => {
    const r = new ByteReader(data);
    r.skip(1, 'event.revision');
    const type = r.u8('event.sensorType');
    const number = r.u8('event.sensorNumber');
    const eventType = r.u8('event.type');
    const rest = [r.u8('event.data1'), r.u8('event.data2'), r.u8('event.data3')] as const;
    bmc.sel = addSelEvent(bmc.sel, { sensorType: type, sensorNumber: number, eventType, data: rest }, now);
    return noData;
  }),
  row(getSensorReading, 'user', ({ bmc, now }, number) => {
    const sensor = sensorAt(number);
    if (sensor === undefined) return refuse(completion.notPresent);
    const { on } = bmc.power;
    if (sensor.kind === 'discrete') return { ...scanned, reading: 0, states: on ? sensor.on : sensor.off };
    const reading = analogReading(sensor, on, now);
    if (reading === undefined) return { ...scanned, unavailable: true, reading: 0, states: 0 };
    return { ...scanned, reading, states: crossed(sensor.thresholds, reading) };
  }),
  row(getSensorThresholds, 'user', (_turn, number) => {
    const sensor = sensorAt(number);
    if (sensor === undefined) return refuse(completion.notPresent);
    return sensor.kind === 'discrete' ? refuse(completion.invalidField) : sensor.thresholds;
  }),
  bytesRow(netFn.sensor, 0x25, 'user', (_turn, data) =>
    find(data) ? Uint8Array.of(1, 1) : refuse(completion.notPresent),
  ),
  bytesRow(netFn.sensor, 0x29, 'user', (_turn, data) =>
    find(data) ? Uint8Array.of(enabled, 0, 0, 0, 0) : refuse(completion.notPresent),
  ),
  bytesRow(netFn.sensor, 0x2b, 'user', (_turn, data) =>
    find(data) ? Uint8Array.of(enabled, 0, 0) : refuse(completion.notPresent),
  ),
];
