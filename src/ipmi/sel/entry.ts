import { toHex } from '../../base/bytes.ts';
import { entityText } from '../sdr/entity.ts';
import type { SdrRecord } from '../sdr/record.ts';
import type { SensorRecord } from '../sdr/sensor-record.ts';
import { sensorTypeName } from '../sensors/sensor-types.ts';
import type { Severity } from '../sensors/state-row.ts';
import { eventDetails } from './event-details.ts';
import { stateOf } from '../sensors/state-text.ts';
import { decodeSelRecord, type SelEventRecord } from './record.ts';
import { type SelTime, selTimeOf } from './time.ts';

/** One entry of the system event log in words. */
export interface SelEntry {
  readonly recordId: number;
  readonly kind: 'event' | 'oem';
  readonly recordType: number;
  readonly time: SelTime;
  /** Who wrote it, such as `BMC` or `BIOS (software id 0x00)`; of OEM records the maker, or empty. */
  readonly generator: string;
  /** Undefined for OEM records. */
  readonly sensor:
    | {
        readonly type: number;
        readonly typeName: string;
        readonly number: number;
        readonly name: string | undefined;
      }
    | undefined;
  /** What happened, in words; of OEM records the bytes in hex. */
  readonly text: string;
  /** False when the state ended. */
  readonly asserted: boolean;
  /** Of the state while it is asserted; `ok` for OEM records. */
  readonly severity: Severity;
  /** Event data 1 to 3 and their state offset; undefined for OEM records. */
  readonly event:
    | {
        readonly eventType: number;
        readonly offset: number;
        readonly data: readonly [number, number, number];
      }
    | undefined;
}

/** Sensor records by which entries get names and values. */
export type KnownSensors = readonly SdrRecord[];

/** Software ids in generator ids. IPMI 2.0 §5.5, table 5-4 */
function softwareName(id: number): string {
  if (id <= 0x0f) return 'BIOS';
  if (id <= 0x1f) return 'SMI handler';
  if (id <= 0x2f) return 'system management software';
  if (id <= 0x3f) return 'OEM software';
  if (id <= 0x46) return 'remote console';
  return 'software';
}

function generatorText(generatorId: number): string {
  const address = generatorId & 0xff;
  const hex = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;
  if ((address & 0x01) === 1) return `${softwareName(address >> 1)} (software id ${hex(address >> 1)})`;
  return address === 0x20 ? 'BMC' : `controller ${hex(address)}`;
}

/** The record of the sensor that an event names, by owner and number. */
function sensorOf(event: SelEventRecord, known: KnownSensors) {
  const found = known.filter(
    (record) =>
      (record.kind === 'sensor' || record.kind === 'event-only') &&
      record.number === event.sensorNumber &&
      record.ownerId === (event.generatorId & 0xff) &&
      record.lun === ((event.generatorId >> 8) & 0x03),
  );
  return (
    found.find((record) => record.kind === 'sensor') ?? found.find((record) => record.kind === 'event-only')
  );
}

/** The 16 bytes of an entry in words. WireError when cut short. IPMI 2.0 §32 */
export function describeSelEntry(bytes: Uint8Array, known: KnownSensors = []): SelEntry {
  const record = decodeSelRecord(bytes);
  if (record.kind === 'oem')
    return {
      recordId: record.recordId,
      kind: 'oem',
      recordType: record.recordType,
      time: record.timestamp === undefined ? { kind: 'unspecified' } : selTimeOf(record.timestamp),
      generator: record.manufacturerId === undefined ? '' : `manufacturer ${record.manufacturerId}`,
      sensor: undefined,
      text: toHex(record.data),
      asserted: true,
      severity: 'ok',
      event: undefined,
    };
  const sensor = sensorOf(record, known);
  const offset = record.data[0] & 0x0f;
  const state = stateOf(record.eventType, record.sensorType, offset);
  const details = eventDetails(record, sensor?.kind === 'sensor' ? sensor : undefined);
  return {
    recordId: record.recordId,
    kind: 'event',
    recordType: 0x02,
    time: selTimeOf(record.timestamp),
    generator: generatorText(record.generatorId),
    sensor: {
      type: record.sensorType,
      typeName: sensorTypeName(record.sensorType),
      number: record.sensorNumber,
      name: sensor === undefined ? undefined : nameOf(sensor),
    },
    text: [state.text, ...details].join(', '),
    asserted: !record.deasserted,
    severity: state.severity,
    event: { eventType: record.eventType, offset, data: record.data },
  };
}

const nameOf = ({ name, entity }: Pick<SensorRecord, 'name' | 'entity'>): string =>
  name === '' ? entityText(entity) : name;
