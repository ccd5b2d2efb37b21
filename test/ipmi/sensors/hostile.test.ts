import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireError } from '../../../src/base/bytes.ts';
import type { Execute } from '../../../src/ipmi/execute.ts';
import { readFru } from '../../../src/ipmi/fru/read-fru.ts';
import { IpmiError } from '../../../src/ipmi/index.ts';
import { readLanConfig } from '../../../src/ipmi/lan-config.ts';
import { decodeSdr } from '../../../src/ipmi/sdr/record.ts';
import { describeSelEntry } from '../../../src/ipmi/sel/entry.ts';
import { clearSel } from '../../../src/ipmi/sel/clear-sel.ts';
import { causeOfPowerChange } from '../../../src/ipmi/sel/power-cause.ts';
import { readSel } from '../../../src/ipmi/sel/read-sel.ts';
import { readSensors } from '../../../src/ipmi/sensors/read-sensors.ts';
import { readUsers } from '../../../src/ipmi/users.ts';
import { cases } from '../../support/cases.ts';
import { seededRandom } from '../../support/faults.ts';
import { type Board, boardOf, executeOn } from '../commands/replay.ts';

const codes = [0x80, 0xc0, 0xc1, 0xc3, 0xc5, 0xc8, 0xca, 0xcb, 0xcc, 0xd4, 0xff] as const;

/** Answers anything to anything. */
function rubbish(seed: number): Board {
  const dice = seededRandom(seed);
  return () => {
    const length = Math.floor(dice() * 40);
    if (dice() < 0.1) return codes[Math.floor(dice() * codes.length)] ?? 0xff;
    return Uint8Array.from({ length }, () => (dice() < 0.3 ? 0 : Math.floor(dice() * 256)));
  };
}

/** A good board whose answers are damaged, cut and refused now and then. */
function liar(seed: number): Board {
  const dice = seededRandom(seed);
  const rate = dice() * 0.5;
  const board = boardOf('sdr', 'sensor', 'sel', 'sel-info', 'fru', 'users', 'lan');
  return (netFn, cmd, data, lun) => {
    const answer = board(netFn, cmd, data, lun);
    if (typeof answer === 'number' || dice() > rate) return answer;
    const kind = dice();
    if (kind < 0.3) return codes[Math.floor(dice() * codes.length)] ?? 0xff;
    if (kind < 0.6) return answer.subarray(0, Math.floor(dice() * answer.length));
    const changed = new Uint8Array(answer);
    if (changed.length > 0) changed[Math.floor(dice() * changed.length)] = Math.floor(dice() * 256);
    return changed;
  };
}

const readers: ReadonlyArray<
  readonly [name: string, most: number, read: (execute: Execute) => Promise<unknown>]
> = [
  ['sensors', 30_000, readSensors],
  ['event log', 70_000, (execute) => readSel(execute, { limit: 20, since: 3 })],
  ['clear', 400, (execute) => clearSel(execute, async () => {})],
  ['FRU', 1_100, readFru],
  ['users', 130, (execute) => readUsers(execute, 1)],
  ['LAN', 20, (execute) => readLanConfig(execute, 1)],
];

const kinds = [
  ['rubbish', rubbish],
  ['lies', liar],
] as const;

describe.each(readers)('hostile BMC: %s', (_name, most, read) => {
  it.each(kinds)('%s give a value or an error, in bounded steps', async (_kind, board) => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        let steps = 0;
        const answer = board(seed);
        const counted: Board = (...command) => {
          steps += 1;
          return answer(...command);
        };
        try {
          expect(await read(executeOn(counted))).not.toBeNull();
        } catch (error) {
          if (!(error instanceof IpmiError)) expect(error).toBeInstanceOf(WireError);
        }
        expect(steps).toBeLessThanOrEqual(most);
      }),
      { numRuns: cases(100) },
    );
  });
});

describe('any bytes', () => {
  it('as a sensor record give records or a WireError', () => {
    const record = fc
      .tuple(fc.constantFrom(1, 2, 3, 0x11, 0x12, 0xc0), fc.uint8Array({ maxLength: 80 }))
      .map(([type, body]) => Uint8Array.of(1, 0, 0x51, type, body.length, ...body));
    fc.assert(
      fc.property(fc.oneof(record, fc.uint8Array({ maxLength: 80 })), (bytes) => {
        try {
          const records = decodeSdr(bytes);
          expect(records.length).toBeGreaterThanOrEqual(1);
          expect(records.length).toBeLessThanOrEqual(15);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: cases(20_000) },
    );
  });

  it('as an entry of the event log give an entry, and text without control characters', () => {
    const entry = fc.uint8Array({ minLength: 16, maxLength: 16 });
    const event = entry.map((bytes) => bytes.map((byte, at) => (at === 2 ? 0x02 : byte)));
    fc.assert(
      fc.property(fc.array(fc.oneof(entry, event), { maxLength: 5 }), fc.nat(15), (list, cause) => {
        const entries = list.map((bytes) => describeSelEntry(bytes));
        for (const { text } of entries) expect(text).toMatch(/^[\u0020-\u{10ffff}]+$/u);
        const found = causeOfPowerChange(entries, cause);
        if (found?.recordId !== undefined)
          expect(entries.map(({ recordId }) => recordId)).toContain(found.recordId);
      }),
      { numRuns: cases(20_000) },
    );
  });
});
