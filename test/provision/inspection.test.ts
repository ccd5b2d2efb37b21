import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Uuid } from '../../src/base/uuid.ts';
import {
  hardwareInfoRows,
  macsOf,
  parseInspection,
  summaryOf,
  systemUuidOf,
} from '../../src/provision/inspection.ts';
import { cases } from '../support/cases.ts';
import { inspectionReport, nic } from '../support/provision-harness.ts';

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const random = (length: number): Uint8Array => new Uint8Array(length).fill(7);

function good(change: Record<string, unknown> = {}) {
  const parsed = parseInspection(bytes({ ...inspectionReport(), ...change }));
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.report;
}

describe('a report', () => {
  it('becomes the rows of the manual, texts where it has texts', () => {
    const rows = hardwareInfoRows(good(), 'c'.repeat(32) as Uuid, 5, random);
    const content = Object.fromEntries(rows.map((row) => [row.type, JSON.parse(row.content) as unknown]));
    expect(content['basic']).toMatchObject({ cpu_model: 'Test CPU', cpu_core: '2', memory: '1048576 kB' });
    expect(content['nic']).toMatchObject([
      { mac: nic(1), speed: '1000Mb/s', pxe: 'true' },
      { mac: nic(2), speed: 'UNKNOWN', pxe: 'false' },
      { mac: nic(3) },
    ]);
    expect(content['disk']).toMatchObject([{ name: 'vda', size: '1.0G', removable: false }]);
  });

  it('may be of a machine without disks, NICs or SMBIOS', () => {
    const report = good({ nics: [], disks: [], pci: [], system: {} });
    expect(macsOf(report)).toEqual([]);
    expect(systemUuidOf(report)).toBeUndefined();
    expect(summaryOf(report)).toContain('0 NICs');
  });

  it('drops members that it does not know, wherever they are', () => {
    const report = good({ extra: 'x', cpu: { model: 'm', cores: 1, sockets: 1, extra: { deep: true } } });
    expect(JSON.stringify(report)).not.toContain('extra');
  });

  it.each([
    ['another schema', { schema: 2 }],
    ['a negative size', { disks: [{ name: 'sda', sizeBytes: -1, removable: false }] }],
    ['a NIC with a false address', { nics: [{ name: 'e', mac: 'zz', speed: null, link: true, pxe: true }] }],
    ['a text for a list', { pci: 'none' }],
    [
      'too many disks',
      { disks: Array.from({ length: 3000 }, () => ({ name: 'd', sizeBytes: 1, removable: false })) },
    ],
  ])('is refused with a reason for %s', (_what, change) => {
    const parsed = parseInspection(bytes({ ...inspectionReport(), ...change }));
    expect(parsed).toMatchObject({ ok: false, reason: expect.stringMatching(/report/) });
  });

  it('is a value for any bytes and any JSON', () => {
    const mutated = fc
      .tuple(fc.constantFrom(...Object.keys(inspectionReport())), fc.jsonValue())
      .map(([key, value]) => bytes({ ...inspectionReport(), [key]: value }));
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.json().map((text) => new TextEncoder().encode(text)),
      mutated,
    );
    fc.assert(
      fc.property(hostile, (body) => {
        const parsed = parseInspection(body);
        if (parsed.ok)
          expect(hardwareInfoRows(parsed.report, 'c'.repeat(32) as Uuid, 5, random)).toHaveLength(5);
        else expect(parsed.reason).toMatch(/^the report/);
      }),
      { numRuns: cases(50_000) },
    );
  });
});
