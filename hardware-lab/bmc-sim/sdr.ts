import { ByteWriter } from '../../src/base/bytes.ts';
import { type AnalogSensor, type DiscreteSensor, sensors, thresholdMask } from './sensors.ts';

const version = 0x51;
const recordType = { full: 0x01, compact: 0x02, managementController: 0x12 } as const;
const bmcAddress = 0x20;
const asciiName = 0xc0;
const name = (text: string): Uint8Array => new TextEncoder().encode(text);

function record(recordId: number, type: number, body: Uint8Array): Uint8Array {
  return new ByteWriter(5 + body.length)
    .u16le(recordId)
    .u8(version)
    .u8(type)
    .u8(body.length)
    .bytes(body)
    .done();
}

/** Scanning and events are on after a start. IPMI 2.0 §43.1 */
const initialised = 0x63;
/** Re-arms by itself; thresholds can be read. */
const thresholdsReadable = 0x44;
const autoRearm = 0x40;
const thresholdEvents = 0x01;
const sensorSpecific = 0x6f;
const upperUnsigned = 0xff;

/** Full sensor record. IPMI 2.0 §43.1 */
function fullRecord(sensor: AnalogSensor): Uint8Array {
  const { thresholds, exponent, m } = sensor;
  const mask = thresholdMask(thresholds);
  const text = name(sensor.name);
  return new ByteWriter(64)
    .u8(bmcAddress)
    .u8(0)
    .u8(sensor.number)
    .u8(sensor.entity)
    .u8(1)
    .u8(initialised)
    .u8(thresholdsReadable)
    .u8(sensor.type)
    .u8(thresholdEvents)
    .u16le((mask & 0x07) << 12)
    .u16le((mask >> 3) << 12)
    .u16le(mask)
    .u8(0)
    .u8(sensor.unit)
    .u8(0)
    .u8(0)
    .u8(m)
    .u8((m >> 8) << 6)
    .u8(0)
    .u8(0)
    .u8(0)
    .u8((exponent & 0x0f) << 4)
    .u8(0x01)
    .u8(sensor.on)
    .u8(0)
    .u8(0)
    .u8(upperUnsigned)
    .u8(0)
    .u8(thresholds.upperNonRecoverable ?? 0)
    .u8(thresholds.upperCritical ?? 0)
    .u8(thresholds.upperNonCritical ?? 0)
    .u8(0)
    .u8(thresholds.lowerCritical ?? 0)
    .u8(thresholds.lowerNonCritical ?? 0)
    .u8(1)
    .u8(1)
    .u16le(0)
    .u8(0)
    .u8(asciiName | text.length)
    .bytes(text)
    .done();
}

/** Compact sensor record. IPMI 2.0 §43.2 */
function compactRecord(sensor: DiscreteSensor): Uint8Array {
  const text = name(sensor.name);
  const states = 0x00ff;
  return new ByteWriter(48)
    .u8(bmcAddress)
    .u8(0)
    .u8(sensor.number)
    .u8(sensor.entity)
    .u8(1)
    .u8(initialised)
    .u8(autoRearm)
    .u8(sensor.type)
    .u8(sensorSpecific)
    .u16le(states)
    .u16le(states)
    .u16le(states)
    .u8(0xc0)
    .u16le(0)
    .u16le(0x0001)
    .u16le(0)
    .fill(3)
    .u8(0)
    .u8(asciiName | text.length)
    .bytes(text)
    .done();
}

/** Management controller device locator. IPMI 2.0 §43.9 */
function controllerRecord(): Uint8Array {
  const text = name('BMC');
  const systemBoard = 7;
  const capabilities = 0x8f;
  return new ByteWriter(24)
    .u8(bmcAddress)
    .u8(0)
    .u8(0)
    .u8(capabilities)
    .fill(3)
    .u8(systemBoard)
    .u8(1)
    .u8(0)
    .u8(asciiName | text.length)
    .bytes(text)
    .done();
}

/** All records of the repository; the record id is the place plus one. */
export const sdrRecords: readonly Uint8Array[] = [
  ...sensors.map((sensor, index) =>
    sensor.kind === 'analog'
      ? record(index + 1, recordType.full, fullRecord(sensor))
      : record(index + 1, recordType.compact, compactRecord(sensor)),
  ),
  record(sensors.length + 1, recordType.managementController, controllerRecord()),
];
