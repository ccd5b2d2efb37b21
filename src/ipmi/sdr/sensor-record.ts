import type { ByteReader } from '../../base/bytes.ts';
import {
  thresholdNames,
  type RawThresholds,
  type ThresholdName,
} from '../commands/sensor/get-sensor-thresholds.ts';
import { decodeFactors, type Factors } from '../commands/sensor/factors.ts';
import { type AnalogFormat, analogFormats } from './conversion.ts';
import { decodeIdString } from './typed-text.ts';
import type { Unit } from './units.ts';

/** What part of the machine a sensor is about. IPMI 2.0 §43.14 */
export interface Entity {
  readonly id: number;
  /** 7 bits. */
  readonly instance: number;
}

/** What all sensor records have. IPMI 2.0 §43.1-43.3 */
export interface SensorKey {
  readonly recordId: number;
  /** IPMB address or software id of the owner; 0x20 is the BMC. */
  readonly ownerId: number;
  readonly lun: number;
  readonly channel: number;
  readonly number: number;
  readonly entity: Entity;
  readonly type: number;
  /** Event/reading type, 7 bits. */
  readonly eventType: number;
  readonly name: string;
}

/** How a raw reading becomes a value; only full records have it. */
export interface Analog {
  readonly format: AnalogFormat;
  readonly linearization: number;
  readonly factors: Factors;
}

/** A sensor that can be read. IPMI 2.0 §43.1 (full), §43.2 (compact) */
export interface SensorRecord extends SensorKey {
  readonly kind: 'sensor';
  readonly unit: Unit;
  readonly analog: Analog | undefined;
  /** Ignore the sensor while its entity is absent. */
  readonly ignoreIfAbsent: boolean;
  /** Thresholds can be asked for. */
  readonly thresholdsReadable: boolean;
  /** Offsets that the sensor may report, as bits. */
  readonly stateMask: number;
  /** Raw thresholds of the record: what the BMC starts with. */
  readonly thresholds: RawThresholds;
}

/** A sensor that only sends events. IPMI 2.0 §43.3 */
export interface EventOnlyRecord extends SensorKey {
  readonly kind: 'event-only';
}

interface Place {
  readonly ownerId: number;
  readonly lun: number;
  readonly channel: number;
  readonly number: number;
  readonly entity: Entity;
}

function decodePlace(r: ByteReader): Place {
  const ownerId = r.u8('sdr.ownerId');
  const unit = r.u8('sdr.ownerLun');
  return {
    ownerId,
    lun: unit & 0x03,
    channel: unit >> 4,
    number: r.u8('sdr.sensorNumber'),
    entity: { id: r.u8('sdr.entityId'), instance: r.u8('sdr.entityInstance') & 0x7f },
  };
}

function decodeReadable(r: ByteReader, recordId: number) {
  const place = decodePlace(r);
  r.skip(1, 'sdr.initialization');
  const capabilities = r.u8('sdr.capabilities');
  const type = r.u8('sdr.sensorType');
  const eventType = r.u8('sdr.eventType') & 0x7f;
  r.skip(4, 'sdr.eventMasks');
  const stateMask = r.u16le('sdr.stateMask');
  const units = r.u8('sdr.units');
  const thresholdAccess = (capabilities >> 2) & 0x03;
  return {
    recordId,
    ...place,
    type,
    eventType,
    stateMask,
    ignoreIfAbsent: (capabilities & 0x80) !== 0,
    // 1 readable, 2 readable and settable. IPMI 2.0 §43.1, byte 12
    thresholdsReadable: thresholdAccess === 1 || thresholdAccess === 2,
    unit: {
      relation: (units >> 1) & 0x03,
      rate: (units >> 3) & 0x07,
      percentage: (units & 0x01) !== 0,
      base: r.u8('sdr.baseUnit'),
      modifier: r.u8('sdr.modifierUnit'),
    },
    format: analogFormats[units >> 6] ?? 'none',
  };
}

/** Order of the thresholds in a full record, bytes 37-42. */
const recordOrder: readonly ThresholdName[] = [
  'upperNonRecoverable',
  'upperCritical',
  'upperNonCritical',
  'lowerNonRecoverable',
  'lowerCritical',
  'lowerNonCritical',
];

/** Body of a full sensor record. IPMI 2.0 §43.1 */
export function decodeFullSensor(r: ByteReader, recordId: number): SensorRecord {
  const { format, ...common } = decodeReadable(r, recordId);
  const linearization = r.u8('sdr.linearization') & 0x7f;
  const factors = decodeFactors(r);
  r.skip(6, 'sdr.nominal');
  const found: { [name in ThresholdName]?: number } = {};
  for (const name of recordOrder) {
    const raw = r.u8(`sdr.${name}`);
    // For a threshold sensor the low bits of the mask say which thresholds it has.
    if ((common.stateMask & (1 << thresholdNames.indexOf(name))) !== 0) found[name] = raw;
  }
  r.skip(5, 'sdr.hysteresis');
  const analog = { format, linearization, factors };
  return { kind: 'sensor', ...common, analog, thresholds: found, name: decodeIdString(r) };
}

interface Sharing {
  readonly count: number;
  readonly alpha: boolean;
  readonly offset: number;
  readonly entityIncrements: boolean;
}

function decodeSharing(r: ByteReader): Sharing {
  const first = r.u8('sdr.sharing');
  const second = r.u8('sdr.sharing');
  return {
    count: Math.max(first & 0x0f, 1),
    alpha: ((first >> 4) & 0x03) === 1,
    offset: second & 0x7f,
    entityIncrements: (second & 0x80) !== 0,
  };
}

/** The sensors that share a record, up to 15: numbers count up, names get a suffix. IPMI 2.0 §43.2, bytes 24-25 */
function shared<T extends SensorKey>(record: T, sharing: Sharing): readonly T[] {
  if (sharing.count === 1) return [record];
  return Array.from({ length: sharing.count }, (_, step) => ({
    ...record,
    number: (record.number + step) & 0xff,
    entity: sharing.entityIncrements
      ? { ...record.entity, instance: (record.entity.instance + step) & 0x7f }
      : record.entity,
    name: `${record.name}${suffix(sharing.offset + step, sharing.alpha)}`,
  }));
}

/** 0 is A and 26 is AA. */
function suffix(value: number, alpha: boolean): string {
  if (!alpha) return String(value);
  const last = String.fromCodePoint(65 + (value % 26));
  return value < 26 ? last : `${suffix(Math.floor(value / 26) - 1, true)}${last}`;
}

/** Body of a compact sensor record. IPMI 2.0 §43.2 */
export function decodeCompactSensor(r: ByteReader, recordId: number): readonly SensorRecord[] {
  const { format: _none, ...common } = decodeReadable(r, recordId);
  const sharing = decodeSharing(r);
  r.skip(6, 'sdr.hysteresis');
  const name = decodeIdString(r);
  return shared({ kind: 'sensor', ...common, analog: undefined, thresholds: {}, name }, sharing);
}

/** Body of an event-only record. IPMI 2.0 §43.3 */
export function decodeEventOnly(r: ByteReader, recordId: number): readonly EventOnlyRecord[] {
  const place = decodePlace(r);
  const type = r.u8('sdr.sensorType');
  const eventType = r.u8('sdr.eventType') & 0x7f;
  const sharing = decodeSharing(r);
  r.skip(2, 'sdr.oem');
  const name = decodeIdString(r);
  return shared({ kind: 'event-only', recordId, ...place, type, eventType, name }, sharing);
}
