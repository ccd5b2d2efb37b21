import { describe, expect, it } from 'vitest';
import {
  addSelEvent,
  clearSel,
  emptySel,
  findSelEntry,
  reserveSel,
  type Sel,
  selCapacity,
} from '../../hardware-lab/bmc-sim/sel.ts';

const event = { sensorType: 9, sensorNumber: 0x40, eventType: 0x6f, data: [0, 0xff, 0xff] } as const;
const filled = (count: number): Sel =>
  Array.from({ length: count }).reduce<Sel>((sel) => addSelEvent(sel, event, 1_000_000), emptySel);

describe('event log of the simulated BMC', () => {
  it('writes system event records', () => {
    const [entry] = filled(1).entries;
    expect(Array.from(entry!.bytes)).toEqual([
      1, 0, 2, 0xe8, 3, 0, 0, 0x20, 0, 4, 9, 0x40, 0x6f, 0, 0xff, 0xff,
    ]);
  });

  it('walks by "next record id" from the first to 0xFFFF', () => {
    const sel = filled(3);
    const walk: number[] = [];
    for (let id = 0; id !== 0xffff; ) {
      const found = findSelEntry(sel, id)!;
      walk.push(found.entry.recordId);
      id = found.nextId;
    }
    expect(walk).toEqual([1, 2, 3]);
    expect(findSelEntry(sel, 0xffff)?.entry.recordId).toBe(3);
    expect(findSelEntry(sel, 9)).toBeUndefined();
    expect(findSelEntry(emptySel, 0)).toBeUndefined();
  });

  it('takes a reservation back when an entry comes', () => {
    const reserved = reserveSel(filled(1));
    expect(reserved.reservation).toBe(1);
    expect(addSelEvent(reserved, event, 0).reservation).toBe(0);
    expect(reserveSel(reserved).reservation).toBe(2);
  });

  it('says overflow instead of growing', () => {
    const full = filled(selCapacity);
    expect(full.overflow).toBe(false);
    const over = addSelEvent(full, event, 0);
    expect([over.entries.length, over.overflow]).toEqual([selCapacity, true]);
    expect(clearSel(over, 5)).toMatchObject({ entries: [], overflow: false, erasedAt: 5 });
  });
});
