import { describe, expect, it } from 'vitest';
import { fromHex } from '../../../src/base/bytes.ts';
import { describeSelEntry } from '../../../src/ipmi/sel/entry.ts';
import { causeOfPowerChange } from '../../../src/ipmi/sel/power-cause.ts';
import { selTimeOf } from '../../../src/ipmi/sel/time.ts';

/** An event of the BMC, bytes by hand from IPMI 2.0 §32.1, table 32-1. */
function event(over: {
  readonly id?: number;
  readonly at?: number;
  readonly type: number;
  readonly eventType?: number;
  readonly data: readonly number[];
  readonly generator?: string;
}) {
  const { id = 1, at = 1_700_000_000, eventType = 0x6f, generator = '2000' } = over;
  const le = (value: number, bytes: number): string =>
    Array.from({ length: bytes }, (_, n) => ((value >>> (8 * n)) & 0xff).toString(16).padStart(2, '0')).join(
      '',
    );
  const [data1 = 0, data2 = 0xff, data3 = 0xff] = over.data;
  const tail = [over.type, 0x30, eventType, data1, data2, data3].map((byte) => le(byte, 1)).join('');
  return describeSelEntry(fromHex(`${le(id, 2)}02${le(at, 4)}${generator}04${tail}`));
}

describe('an entry in words', () => {
  it.each([
    [0x05, 0x6f, [0x00], 'Physical Security', 'chassis opened', 'critical'],
    [0x07, 0x6f, [0x0a], 'Processor', 'throttled', 'warning'],
    [0x08, 0x6f, [0x03], 'Power Supply', 'input lost', 'critical'],
    [0x0c, 0x6f, [0xe1, 0xff, 0x07], 'Memory', 'uncorrectable ECC error, module 7', 'critical'],
    [0x0c, 0x6f, [0x20, 0xff, 0x03], 'Memory', 'correctable ECC error', 'warning'],
    [0x0d, 0x6f, [0x01], 'Drive Slot', 'drive fault', 'critical'],
    [0x10, 0x6f, [0x02], 'Event Logging Disabled', 'log cleared', 'ok'],
    [0x13, 0x6f, [0x0a], 'Critical Interrupt', 'fatal bus error', 'critical'],
    [0x14, 0x6f, [0x00], 'Button', 'power button pressed', 'ok'],
    [0x1d, 0x6f, [0xc7, 0x01], 'System Boot Initiated', 'restart, cause: a chassis control command', 'ok'],
    [0x1e, 0x6f, [0x02], 'Boot Error', 'PXE server not found', 'critical'],
    [0x20, 0x6f, [0x01], 'OS Stop/Shutdown', 'OS stopped at run time (panic)', 'critical'],
    [0x22, 0x6f, [0x05], 'System ACPI Power State', 'S5 soft off', 'ok'],
    [0x22, 0x6f, [0x0e], 'System ACPI Power State', 'unknown', 'warning'],
    [0x23, 0x6f, [0x08], 'Watchdog 2', 'timer interrupt', 'warning'],
    [0x29, 0x6f, [0x01], 'Battery', 'battery failed', 'critical'],
    [0x2a, 0x6f, [0xc2, 0x02], 'Session Audit', 'wrong user name or password, user 2', 'warning'],
    [0x2b, 0x6f, [0x01], 'Version Change', 'firmware or software changed', 'ok'],
    [
      0x01,
      0x01,
      [0x57, 0x50, 0x4b],
      'Temperature',
      'upper non-critical going high, reading raw 80, threshold raw 75',
      'warning',
    ],
    [0x04, 0x07, [0x03], 'Fan', 'went to non-recoverable from less severe', 'non-recoverable'],
    [0x08, 0x0b, [0x01], 'Power Supply', 'redundancy lost', 'critical'],
    [0x15, 0x08, [0x00], 'Module/Board', 'absent', 'absent'],
    [0xc7, 0x72, [0x05], 'OEM sensor 0xc7', 'state 5', 'ok'],
    [0x3f, 0x6f, [0x0f], 'Sensor type 0x3f', 'state 15', 'ok'],
  ])('type %i, event type %i, data %o: %s, %s', (type, eventType, data, typeName, text, severity) => {
    const entry = event({ type, eventType, data });
    expect([entry.sensor?.typeName, entry.text, entry.severity]).toEqual([typeName, text, severity]);
  });

  it.each([
    ['2000', 'BMC'],
    ['2200', 'controller 0x22'],
    ['0100', 'BIOS (software id 0x00)'],
    ['4100', 'system management software (software id 0x20)'],
  ])('generator %s is %s', (generator, text) => {
    expect(event({ type: 1, eventType: 1, data: [0x59], generator }).generator).toBe(text);
  });

  it('bit 7 of the event type says that the state ended', () => {
    expect(event({ type: 0x08, eventType: 0xef, data: [0x03] })).toMatchObject({
      asserted: false,
      text: 'input lost',
    });
  });

  it.each([
    [0, { kind: 'since-start', seconds: 0 }],
    [0x2000_0000, { kind: 'since-start', seconds: 0x2000_0000 }],
    [0x2000_0001, { kind: 'clock', seconds: 0x2000_0001 }],
    [0xffff_ffff, { kind: 'unspecified' }],
  ])('time stamp %i', (stamp, time) => {
    expect(selTimeOf(stamp)).toEqual(time);
  });
});

describe('the likely cause of a power change', () => {
  const off = (at?: number) =>
    event({ id: 9, type: 0x09, data: [0x00], ...(at === undefined ? {} : { at }) });

  it('a fault goes before the power-off that follows it, and before the restart cause', () => {
    const trip = event({ id: 5, type: 0x07, data: [0x01] });
    expect(causeOfPowerChange([trip, off()], 0x01)).toEqual({ text: 'Processor: thermal trip', recordId: 5 });
  });

  it('of two equal faults the first one', () => {
    const faults = [event({ id: 3, type: 0x08, data: [0x03] }), event({ id: 4, type: 0x08, data: [0x01] })];
    expect(causeOfPowerChange(faults, undefined)?.recordId).toBe(3);
  });

  it('a fault of an hour ago, one that ended, and a warning are none', () => {
    const old = event({ id: 1, at: 1_700_000_000 - 3600, type: 0x07, data: [0x01] });
    const ended = event({ id: 2, type: 0x08, eventType: 0xef, data: [0x03] });
    const warning = event({ id: 3, type: 0x0c, data: [0x00] });
    expect(causeOfPowerChange([old, ended, warning, off()], undefined)).toEqual({
      text: 'Power Unit: powered off',
      recordId: 9,
    });
  });

  it('too hot is a cause, a low voltage that recovers is not', () => {
    const hot = event({ id: 7, type: 0x01, eventType: 0x01, data: [0x09] });
    expect(causeOfPowerChange([hot, off()], undefined)?.recordId).toBe(7);
    const low = event({ id: 7, type: 0x02, eventType: 0x01, data: [0x00] });
    expect(causeOfPowerChange([low], undefined)).toBeUndefined();
  });

  it('with an empty log the restart cause tells, unless it is unknown', () => {
    expect(causeOfPowerChange([], 0x04)).toEqual({ text: 'the watchdog timer ran out', recordId: undefined });
    expect(causeOfPowerChange([], 0x00)).toBeUndefined();
    expect(causeOfPowerChange([], undefined)).toBeUndefined();
  });
});
