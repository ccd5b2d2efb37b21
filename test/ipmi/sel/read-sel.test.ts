import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/base/bytes.ts';
import { clearSel } from '../../../src/ipmi/sel/clear-sel.ts';
import { readSel } from '../../../src/ipmi/sel/read-sel.ts';
import { readSdr } from '../../../src/ipmi/sdr/read-sdr.ts';
import { ipmiErrorOf } from '../../support/ipmi-deps.ts';
import { golden } from '../commands/golden.ts';
import { type Board, boardOf, executeOn } from '../commands/replay.ts';

/** Get SEL Info of so many entries. */
const info = (entries: number): Uint8Array =>
  Uint8Array.of(0x51, entries & 0xff, entries >> 8, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0x0a);

/** The entries of the capture, which holds no Get SEL Info of its own in all runs. */
const capturedBoard = (): Board => boardOf('sdr', 'sel', 'sel-info');

/** A log with record ids of one's choice; entries are alike. */
function log(ids: readonly number[]) {
  const reads: number[] = [];
  const board: Board = (netFn, cmd, data) => {
    if (netFn !== 0x0a) return 0xc1;
    if (cmd === 0x40) return info(ids.length);
    if (cmd !== 0x43) return 0xc1;
    const asked = (data[2] ?? 0) | ((data[3] ?? 0) << 8);
    reads.push(asked);
    const at = asked === 0 ? 0 : asked === 0xffff ? ids.length - 1 : ids.indexOf(asked);
    const id = ids[at];
    if (id === undefined) return 0xcb;
    const next = ids[at + 1] ?? 0xffff;
    const entry = fromHex('02e803006520000401016f01ffff');
    return Uint8Array.of(next & 0xff, next >> 8, id & 0xff, id >> 8, ...entry);
  };
  return { execute: executeOn(board), reads };
}

const count = (length: number, from = 1): number[] => Array.from({ length }, (_, at) => from + at);

describe('the event log', () => {
  it('says what ipmitool says', async () => {
    const execute = executeOn(capturedBoard());
    const { records } = await readSdr(execute);
    const { entries, problems } = await readSel(execute, { sensors: records });
    expect(problems).toEqual([]);
    const said = golden('sel')
      .text.trim()
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()));
    expect(entries.length).toBe(said.length);
    expect(entries.map(({ recordId }) => recordId.toString(16))).toEqual(said.map(([id]) => id));
    expect(entries.map(({ asserted, kind }) => (kind === 'oem' ? 'oem' : asserted))).toEqual(
      said.map((cells) => (cells.join().includes('OEM') ? 'oem' : cells.includes('Asserted'))),
    );
    expect(entries.map(({ time }) => time.kind)).toEqual(
      said.map((cells) =>
        cells.join().includes('Pre-Init') || cells[1]?.includes('c1') ? 'since-start' : 'unspecified',
      ),
    );
    expect(entries.map(({ sensor, text }) => [sensor?.typeName, sensor?.name, text])).toEqual([
      ['System Boot Initiated', undefined, 'restart, cause: power-up by the power button'],
      ['Temperature', 'CPU Temp', 'upper critical going high, reading 152 °C, threshold 144 °C'],
      ['Temperature', 'CPU Temp', 'upper critical going high, reading 136 °C, threshold 144 °C'],
      ['Power Supply', 'PSU2', 'input lost'],
      ['Power Unit', undefined, 'input power lost'],
      ['Memory', 'Memory Red', 'redundancy lost'],
      ['System Firmware Progress', undefined, 'firmware progress'],
      ['Watchdog 2', 'Watchdog', 'hard reset, timer of OS'],
      ['Processor', undefined, 'thermal trip'],
      [undefined, undefined, '010203040506'],
      [undefined, undefined, '0102030405060708090a0b0c0d'],
    ]);
    expect(entries.map(({ severity }) => severity).slice(0, 4)).toEqual([
      'ok',
      'critical',
      'critical',
      'critical',
    ]);
    expect(entries[6]?.generator).toBe('SMI handler (software id 0x19)');
    expect(entries[9]).toMatchObject({ recordType: 0xc1, generator: 'manufacturer 343' });
  });

  it('is read from its newest entries on when record ids count up', async () => {
    const { execute, reads } = log(count(3000, 7));
    const { entries, olderLeftOut } = await readSel(execute, { limit: 10 });
    expect(entries.map(({ recordId }) => recordId)).toEqual(count(10, 2997));
    expect(olderLeftOut).toBe(true);
    expect(reads.length).toBeLessThan(15);
  });

  it('is read as a whole for its newest entries when record ids have gaps', async () => {
    const ids = count(200).map((id) => id * 3);
    const { execute } = log(ids);
    const { entries, olderLeftOut } = await readSel(execute, { limit: 10 });
    expect(entries.map(({ recordId }) => recordId)).toEqual(ids.slice(-10));
    expect(olderLeftOut).toBe(true);
  });

  it('gives only what came after a known entry', async () => {
    const { execute, reads } = log(count(500));
    expect((await readSel(execute, { since: 497 })).entries.map(({ recordId }) => recordId)).toEqual([
      498, 499, 500,
    ]);
    expect((await readSel(execute, { since: 500 })).entries).toEqual([]);
    expect(reads.length).toBeLessThan(10);
    const cleared = await readSel(log(count(3)).execute, { since: 497 });
    expect(cleared.entries.map(({ recordId }) => recordId)).toEqual([1, 2, 3]);
  });

  it('an empty log needs no reads', async () => {
    const { execute, reads } = log([]);
    expect(await readSel(execute)).toMatchObject({ entries: [], olderLeftOut: false, problems: [] });
    expect(reads).toEqual([]);
  });

  it.each([
    ['its own id', '0100'],
    ['the first entry', '0000'],
  ])('a log that goes in a circle to %s ends', async (_name, next) => {
    const { entries, problems } = await readSel(
      executeOn((_netFn, cmd) =>
        cmd === 0x40 ? info(20) : fromHex(`${next}010002e803006520000401016f01ffff`),
      ),
    );
    expect(entries.length).toBeLessThanOrEqual(2);
    expect(problems).toHaveLength(1);
  });

  it('an entry that is cut short is a problem, not the end', async () => {
    const good = log([1, 2, 3]);
    let nth = 0;
    const board: Board = (_netFn, cmd, data) => {
      if (cmd === 0x40) return info(3);
      if (++nth === 2) return fromHex('03000200');
      const id = (data[2] ?? 0) || 1;
      return Uint8Array.of(
        id === 3 ? 0xff : id + 1,
        id === 3 ? 0xff : 0,
        id,
        0,
        ...fromHex('02e803006520000401016f01ffff'),
      );
    };
    const { entries, problems } = await readSel(executeOn(board));
    expect(entries.map(({ recordId }) => recordId)).toEqual([1, 3]);
    expect(problems).toHaveLength(1);
    expect(good.reads).toEqual([]);
  });
});

describe('clearing the log', () => {
  /** Says `in progress` so often. */
  function eraser(busy: number, codes: number[] = []) {
    const sent: string[] = [];
    let reservation = 0;
    const execute = executeOn((_netFn, cmd, data) => {
      if (cmd === 0x42) return Uint8Array.of(++reservation, 0);
      sent.push(toHex(data));
      const code = codes.shift();
      if (code !== undefined && code !== 0) return code;
      return Uint8Array.of(busy-- > 0 ? 0x00 : 0x01);
    });
    return { execute, sent };
  }
  const wait = async (): Promise<void> => {};

  it('starts with the bytes of ipmitool and asks until it is done', async () => {
    const { execute, sent } = eraser(2);
    await clearSel(execute, wait);
    const captured = golden('sel-clear').exchanges.find(({ cmd }) => cmd === 0x47);
    expect(sent[0]?.slice(4)).toBe(captured?.request.slice(4));
    expect(sent).toEqual(['0100434c52aa', '0100434c5200', '0100434c5200']);
  });

  it('takes a new reservation when an event cancels it', async () => {
    const { execute, sent } = eraser(1, [0xc5, 0]);
    await clearSel(execute, wait);
    expect(sent).toEqual(['0100434c52aa', '0200434c52aa', '0200434c5200']);
  });

  it('ends with an error when the BMC never finishes, or never keeps the reservation', async () => {
    expect(await ipmiErrorOf(clearSel(eraser(1e9).execute, wait))).toMatchObject({ code: 'busy' });
    const lost = eraser(
      0,
      Array.from({ length: 100 }, () => 0xc5),
    );
    expect(await ipmiErrorOf(clearSel(lost.execute, wait))).toMatchObject({ data: { completionCode: 0xc5 } });
    expect(lost.sent.length).toBeLessThan(10);
  });
});
