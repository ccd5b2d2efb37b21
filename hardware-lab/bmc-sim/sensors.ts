/** Sensor types in use. IPMI 2.0 §42.2, table 42-3 */
export const sensorType = {
  temperature: 0x01,
  voltage: 0x02,
  fan: 0x04,
  powerSupply: 0x08,
  powerUnit: 0x09,
  criticalInterrupt: 0x13,
  systemBoot: 0x1d,
} as const;

/** Numbers of the sensors that events name. */
export const sensorNumber = {
  powerUnit: 0x40,
  systemBoot: 0x41,
  criticalInterrupt: 0x42,
  psu1: 0x50,
} as const;

/** Base units. IPMI 2.0 §43.17 */
const unit = { celsius: 1, volts: 4, rpm: 18 } as const;

/** Thresholds as raw bytes, each one optional. IPMI 2.0 §35.9 */
export interface Thresholds {
  readonly lowerNonCritical?: number;
  readonly lowerCritical?: number;
  readonly upperNonCritical?: number;
  readonly upperCritical?: number;
  readonly upperNonRecoverable?: number;
}

/** A sensor with a number: the reading is raw * m * 10^exponent in its unit. IPMI 2.0 §36.3 */
export interface AnalogSensor {
  readonly kind: 'analog';
  readonly number: number;
  readonly name: string;
  readonly type: number;
  readonly unit: number;
  readonly entity: number;
  readonly m: number;
  readonly exponent: number;
  readonly thresholds: Thresholds;
  /** Raw reading in a machine that is on, and the one that is off; undefined: no reading then. */
  readonly on: number;
  readonly off: number | undefined;
  /** The reading walks up and down by so much, so that two readings may differ. */
  readonly swing: number;
}

/** A sensor with states. IPMI 2.0 §42.2 */
export interface DiscreteSensor {
  readonly kind: 'discrete';
  readonly number: number;
  readonly name: string;
  readonly type: number;
  readonly entity: number;
  /** States as bits, in a machine that is on and one that is off. */
  readonly on: number;
  readonly off: number;
}

export type SimSensor = AnalogSensor | DiscreteSensor;

const entity = { processor: 3, systemBoard: 7, powerSupply: 10, fan: 29, airInlet: 55 } as const;
const warm: Thresholds = { upperNonCritical: 80, upperCritical: 90, upperNonRecoverable: 100 };
const fan: Thresholds = { lowerNonCritical: 8, lowerCritical: 5 };

const temperature = {
  kind: 'analog',
  type: sensorType.temperature,
  unit: unit.celsius,
  m: 1,
  exponent: 0,
} as const;
const revolutions = { kind: 'analog', type: sensorType.fan, unit: unit.rpm, m: 100, exponent: 0 } as const;
const volts = { kind: 'analog', type: sensorType.voltage, unit: unit.volts, exponent: -3 } as const;

/** What the simulated board has. */
export const sensors: readonly SimSensor[] = [
  {
    ...temperature,
    number: 0x01,
    name: 'CPU Temp',
    entity: entity.processor,
    thresholds: warm,
    on: 45,
    off: undefined,
    swing: 3,
  },
  {
    ...temperature,
    number: 0x02,
    name: 'Inlet Temp',
    entity: entity.airInlet,
    thresholds: warm,
    on: 23,
    off: 21,
    swing: 1,
  },
  {
    ...revolutions,
    number: 0x10,
    name: 'Fan 1',
    entity: entity.fan,
    thresholds: fan,
    on: 42,
    off: undefined,
    swing: 2,
  },
  {
    ...revolutions,
    number: 0x11,
    name: 'Fan 2',
    entity: entity.fan,
    thresholds: fan,
    on: 41,
    off: undefined,
    swing: 2,
  },
  {
    ...volts,
    m: 60,
    number: 0x20,
    name: '12V',
    entity: entity.systemBoard,
    thresholds: { lowerCritical: 180, upperCritical: 220 },
    on: 201,
    off: undefined,
    swing: 1,
  },
  {
    ...volts,
    m: 20,
    number: 0x21,
    name: '3.3V Standby',
    entity: entity.systemBoard,
    thresholds: { lowerCritical: 150, upperCritical: 180 },
    on: 165,
    off: 165,
    swing: 1,
  },
  {
    kind: 'discrete',
    number: sensorNumber.psu1,
    name: 'PSU1 Status',
    type: sensorType.powerSupply,
    entity: entity.powerSupply,
    on: 0x01,
    off: 0x01,
  },
  {
    kind: 'discrete',
    number: sensorNumber.powerUnit,
    name: 'Power Unit',
    type: sensorType.powerUnit,
    entity: entity.systemBoard,
    on: 0x00,
    off: 0x01,
  },
];

/** Raw reading of an analog sensor at a moment; undefined when it has none in a machine that is off. */
export function analogReading(sensor: AnalogSensor, machineOn: boolean, now: number): number | undefined {
  if (!machineOn) return sensor.off;
  const phase = (now / 60_000 + sensor.number / 7) * 2 * Math.PI;
  return sensor.on + Math.round(sensor.swing * Math.sin(phase));
}

/** Bits that tell which thresholds a reading is at or beyond. IPMI 2.0 §35.14 */
export function crossed(thresholds: Thresholds, reading: number): number {
  const below = (limit: number | undefined): boolean => limit !== undefined && reading <= limit;
  const above = (limit: number | undefined): boolean => limit !== undefined && reading >= limit;
  return (
    (below(thresholds.lowerNonCritical) ? 0x01 : 0) |
    (below(thresholds.lowerCritical) ? 0x02 : 0) |
    (above(thresholds.upperNonCritical) ? 0x08 : 0) |
    (above(thresholds.upperCritical) ? 0x10 : 0) |
    (above(thresholds.upperNonRecoverable) ? 0x20 : 0)
  );
}

/** Bits of the thresholds that a sensor has, in the order of Get Sensor Thresholds. IPMI 2.0 §35.9 */
export function thresholdMask(thresholds: Thresholds): number {
  return (
    (thresholds.lowerNonCritical === undefined ? 0 : 0x01) |
    (thresholds.lowerCritical === undefined ? 0 : 0x02) |
    (thresholds.upperNonCritical === undefined ? 0 : 0x08) |
    (thresholds.upperCritical === undefined ? 0 : 0x10) |
    (thresholds.upperNonRecoverable === undefined ? 0 : 0x20)
  );
}
