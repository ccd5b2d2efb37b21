import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex } from '../../../src/base/bytes.ts';
import {
  decodeBootInfoAcknowledge,
  decodeValidBitClearing,
  encodeBootInfoAcknowledge,
  encodeValidBitClearing,
} from '../../../src/ipmi/commands/chassis/boot-parameters.ts';
import {
  getSystemRestartCause,
  restartCauseText,
} from '../../../src/ipmi/commands/chassis/get-system-restart-cause.ts';
import { chassisIdentify } from '../../../src/ipmi/commands/chassis/identify.ts';
import {
  restorePolicyOf,
  setPowerRestorePolicy,
} from '../../../src/ipmi/commands/chassis/set-power-restore-policy.ts';
import { getDeviceSdrInfo } from '../../../src/ipmi/commands/sensor/get-device-sdr-info.ts';
import { getSensorReading } from '../../../src/ipmi/commands/sensor/get-sensor-reading.ts';
import { getSensorReadingFactors } from '../../../src/ipmi/commands/sensor/get-sensor-reading-factors.ts';
import { getSensorThresholds } from '../../../src/ipmi/commands/sensor/get-sensor-thresholds.ts';
import { clearSelCommand } from '../../../src/ipmi/commands/storage/clear-sel.ts';
import { getFruInventoryAreaInfo } from '../../../src/ipmi/commands/storage/get-fru-inventory-area-info.ts';
import { getDeviceSdr, getSdr } from '../../../src/ipmi/commands/storage/get-sdr.ts';
import { getSdrRepositoryInfo } from '../../../src/ipmi/commands/storage/get-sdr-repository-info.ts';
import { getSelEntry } from '../../../src/ipmi/commands/storage/get-sel-entry.ts';
import { getSelInfo } from '../../../src/ipmi/commands/storage/get-sel-info.ts';
import { readFruData } from '../../../src/ipmi/commands/storage/read-fru-data.ts';
import { reserveSel } from '../../../src/ipmi/commands/storage/reserve.ts';
import { getSelTime, setSelTime } from '../../../src/ipmi/commands/storage/sel-time.ts';
import {
  getLanConfiguration,
  getSolConfiguration,
  setSolConfiguration,
} from '../../../src/ipmi/commands/transport/configuration.ts';
import {
  decodeCipherSuites,
  decodeIpSource,
  decodeVlanId,
} from '../../../src/ipmi/commands/transport/lan-parameters.ts';
import {
  decodeSolAccumulate,
  decodeSolAuthentication,
  decodeSolRetry,
  encodeSolAccumulate,
  encodeSolAuthentication,
  encodeSolRetry,
  solBitRate,
} from '../../../src/ipmi/commands/transport/sol-parameters.ts';
import { describeCodec } from '../../support/codec-properties.ts';
import { describeCommand } from './describe-command.ts';

const byte = fc.nat(255);
const word = fc.nat(0xffff);
const long = fc.nat(0xffff_ffff);
const nibble = fc.nat(15);
const flag = fc.boolean();
const nothing = fc.constant(undefined);
const bytes = fc.uint8Array({ maxLength: 40 });

describeCommand(chassisIdentify, fc.record({ seconds: byte, force: flag }), nothing);
describeCommand(getSystemRestartCause, nothing, fc.record({ cause: nibble, channel: byte }));
describeCommand(
  setPowerRestorePolicy,
  fc.constantFrom('off' as const, 'previous' as const, 'on' as const, 'ask' as const),
  fc.subarray(['off', 'previous', 'on'] as const),
);
describeCodec({
  name: 'Boot info acknowledge',
  values: fc.record({ mask: byte, handled: byte }),
  encode: encodeBootInfoAcknowledge,
  decode: decodeBootInfoAcknowledge,
});
describeCodec({
  name: 'Valid bit clearing',
  values: fc.record({
    keepOnPowerButton: flag,
    keepOnResetButton: flag,
    keepOnWatchdog: flag,
    keepOnTimeout: flag,
    keepOnPlatformEvent: flag,
  }),
  encode: encodeValidBitClearing,
  decode: decodeValidBitClearing,
});

describeCommand(
  getSelInfo,
  nothing,
  fc.record({
    version: byte,
    entries: word,
    freeBytes: word,
    addedAt: long,
    erasedAt: long,
    overflow: flag,
    operations: nibble,
  }),
);
describeCommand(
  getSdrRepositoryInfo,
  nothing,
  fc.record({
    version: byte,
    records: word,
    freeBytes: word,
    addedAt: long,
    erasedAt: long,
    operations: byte,
  }),
);
describeCommand(reserveSel, nothing, word);
for (const command of [getSelEntry, getSdr, getDeviceSdr])
  describeCommand(
    command,
    fc.record({ reservation: word, recordId: word, offset: byte, count: byte }),
    fc.record({ nextId: word, data: bytes }),
  );
describeCommand(
  clearSelCommand,
  fc.record({ reservation: word, action: fc.constantFrom('start' as const, 'ask' as const) }),
  fc.constantFrom('in-progress' as const, 'done' as const),
);
describeCommand(getSelTime, nothing, long);
describeCommand(setSelTime, long, nothing);
describeCommand(getFruInventoryAreaInfo, byte, fc.record({ bytes: word, byWords: flag }));
describeCommand(
  readFruData,
  fc.record({ fruId: byte, offset: word, count: byte }),
  fc.record({ count: byte, data: bytes }),
);

describeCommand(
  getSensorReading,
  byte,
  fc.record({
    reading: byte,
    eventsEnabled: flag,
    scanningEnabled: flag,
    unavailable: flag,
    states: fc.nat(0x7fff),
  }),
);
describeCommand(
  getSensorThresholds,
  byte,
  fc.record(
    {
      lowerNonCritical: byte,
      lowerCritical: byte,
      lowerNonRecoverable: byte,
      upperNonCritical: byte,
      upperCritical: byte,
      upperNonRecoverable: byte,
    },
    { requiredKeys: [] },
  ),
);
describeCommand(
  getDeviceSdrInfo,
  fc.constantFrom('sensors' as const, 'records' as const),
  fc.record({ count: byte, luns: nibble, changeCount: fc.oneof(long, nothing) }),
);
describeCommand(
  getSensorReadingFactors,
  fc.record({ sensor: byte, reading: byte }),
  fc.record({
    nextReading: byte,
    m: fc.integer({ min: -512, max: 511 }),
    b: fc.integer({ min: -512, max: 511 }),
    rExponent: fc.integer({ min: -8, max: 7 }),
    bExponent: fc.integer({ min: -8, max: 7 }),
    tolerance: fc.nat(63),
    accuracy: fc.nat(1023),
    accuracyExponent: fc.nat(3),
  }),
);

for (const command of [getLanConfiguration, getSolConfiguration])
  describeCommand(
    command,
    fc.record({
      channel: nibble,
      revisionOnly: flag,
      parameter: byte,
      setSelector: byte,
      blockSelector: byte,
    }),
    fc.record({ revision: byte, value: bytes }),
  );
describeCommand(setSolConfiguration, fc.record({ channel: nibble, parameter: byte, value: bytes }), nothing);
describeCodec({
  name: 'SOL authentication',
  values: fc.record({ forceEncryption: flag, forceAuthentication: flag, privilege: nibble }),
  encode: encodeSolAuthentication,
  decode: decodeSolAuthentication,
});
describeCodec({
  name: 'SOL accumulate',
  values: fc.record({ intervalSteps: byte, threshold: byte }),
  encode: encodeSolAccumulate,
  decode: decodeSolAccumulate,
});
describeCodec({
  name: 'SOL retry',
  values: fc.record({ count: fc.nat(7), intervalSteps: byte }),
  encode: encodeSolRetry,
  decode: decodeSolRetry,
});

describe('values of the standard, worked out by hand', () => {
  it('LAN parameters', () => {
    expect(decodeIpSource(fromHex('02'))).toBe('dhcp');
    expect(decodeIpSource(fromHex('0f'))).toBe('other');
    expect(decodeVlanId(fromHex('6480'))).toBe(100);
    expect(decodeVlanId(fromHex('6400'))).toBeUndefined();
    expect(decodeCipherSuites(fromHex('03'), fromHex('00030811'), fromHex('003405'))).toEqual([
      { id: 3, privilege: 4 },
      { id: 8, privilege: 3 },
      { id: 17, privilege: 5 },
    ]);
    // A BMC that says 16 suites and lists two, without levels.
    expect(decodeCipherSuites(fromHex('10'), fromHex('000311'), undefined)).toEqual([
      { id: 3, privilege: undefined },
      { id: 17, privilege: undefined },
    ]);
  });

  it('bit rates, restart causes and restore policies', () => {
    expect([0x06, 0x0a, 0x00].map((code) => solBitRate(Uint8Array.of(code)))).toEqual([
      9600,
      115_200,
      undefined,
    ]);
    expect(restartCauseText(0x04)).toBe('the watchdog timer ran out');
    expect(restartCauseText(0x0e)).toBe('cause 14, not in the standard');
    expect([0x01, 0x21, 0x41, 0x61].map(restorePolicyOf)).toEqual(['off', 'previous', 'on', undefined]);
  });
});
