import { describe, expect, it } from 'vitest';
import { readSdr } from '../../../src/ipmi/sdr/read-sdr.ts';
import { ipmiErrorOf } from '../../support/ipmi-deps.ts';
import { type Board, boardOf, executeOn } from '../commands/replay.ts';
import { golden } from '../commands/golden.ts';

const isGetSdr = (netFn: number, cmd: number): boolean => netFn === 0x0a && cmd === 0x23;
const isReserve = (netFn: number, cmd: number): boolean => netFn === 0x0a && cmd === 0x22;

/** A board that counts and may meddle with Get SDR. */
function meddled(meddle: (data: Uint8Array, nth: number) => Uint8Array | number | undefined) {
  const board = boardOf('sdr');
  const state = { reads: 0, reservations: 0 };
  const answer: Board = (netFn, cmd, data, lun) => {
    if (isReserve(netFn, cmd)) state.reservations += 1;
    const changed = isGetSdr(netFn, cmd) ? meddle(data, ++state.reads) : undefined;
    return changed ?? board(netFn, cmd, data, lun);
  };
  return { execute: executeOn(answer), state };
}

describe('sensor records', () => {
  it('are those that ipmitool lists', async () => {
    const { records, problems } = await readSdr(executeOn(boardOf('sdr')));
    expect(problems).toEqual([]);
    const listed = golden('sdr')
      .text.trim()
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()));
    for (const [name = '', number = '', , entity = ''] of listed) {
      // ipmitool 1.8.19 shows the bytes of a 6-bit name and one of two sensors that share a record.
      const ours = number === '30h' ? 'CMOS BATT 12' : number === '20h' ? 'PSU1' : name;
      const found = records.find((one) => one.kind !== 'other' && one.name === ours);
      if (found === undefined || found.kind === 'other') throw new Error(`there is no record "${ours}"`);
      expect(`${found.entity.id}.${found.entity.instance}`).toBe(entity);
      if (found.kind === 'sensor') expect(`${found.number.toString(16).padStart(2, '0')}h`).toBe(number);
    }
    expect(records.filter(({ kind }) => kind === 'sensor').length).toBe(10);
    expect(records.find(({ kind }) => kind === 'fru')).toMatchObject({
      name: 'Mainboard',
      fruId: 0,
      logical: true,
    });
    expect(records.find(({ kind }) => kind === 'controller')).toMatchObject({ name: 'BMC', address: 0x20 });
    expect(records.filter((one) => one.kind === 'sensor' && one.name.startsWith('PSU'))).toMatchObject([
      { name: 'PSU1', number: 0x20, entity: { instance: 1 } },
      { name: 'PSU2', number: 0x21, entity: { instance: 2 } },
    ]);
  });

  it.each([0xca, 0xc8, 0xc7, 0xff])(
    'are read in smaller pieces from a board that refuses with %i',
    async (code) => {
      const whole = await readSdr(executeOn(boardOf('sdr')));
      const { execute, state } = meddled((data) => ((data[5] ?? 0) > 8 ? code : undefined));
      expect(await readSdr(execute)).toEqual(whole);
      // 12 records of up to 64 bytes in pieces of 8: the size is learnt once, not for each record.
      expect(state.reads).toBeLessThan(12 * 9);
    },
  );

  it('survive a lost reservation', async () => {
    const whole = await readSdr(executeOn(boardOf('sdr')));
    const { execute, state } = meddled((_data, nth) => (nth % 5 === 0 ? 0xc5 : undefined));
    expect(await readSdr(execute)).toEqual(whole);
    expect(state.reservations).toBeGreaterThan(2);
  });

  it('a record whose body is refused is a problem; the others are read as fast as before', async () => {
    const good = await readSdr(executeOn(boardOf('sdr')));
    const { execute, state } = meddled((data) => (data[2] === 2 && data[4] !== 0 ? 0xff : undefined));
    const { records, problems } = await readSdr(execute);
    expect(problems).toEqual(['sensor record 2 cannot be read']);
    expect(records).toEqual(good.records.filter(({ recordId }) => recordId !== 2));
    expect(state.reads).toBeLessThan(12 * 2 + 8);
  });

  it('a board that always loses the reservation is given up', async () => {
    const { execute, state } = meddled(() => 0xc5);
    const { records, problems } = await readSdr(execute);
    expect(records).toEqual([]);
    expect(problems).toHaveLength(1);
    expect(state.reads).toBeLessThan(10);
  });

  it('a list that goes in a circle ends', async () => {
    const board = boardOf('sdr');
    const { execute } = meddled((data) => {
      const answer = board(0x0a, 0x23, data, 0);
      if (typeof answer === 'number') return answer;
      answer.set([0x00, 0x00]);
      return answer;
    });
    const { records, problems } = await readSdr(execute);
    expect(records).toHaveLength(1);
    expect(problems).toEqual(['the list of sensor records does not end (at record 0)']);
  });

  it('a board that lists records for ever, byte by byte, is given up', async () => {
    let reads = 0;
    const execute = executeOn((netFn, cmd, data) => {
      if (netFn === 0x06) return Uint8Array.of(0x20, 0x01, 1, 0, 2, 0x02, 0, 0, 0, 0, 0);
      if (cmd === 0x22) return Uint8Array.of(1, 0);
      reads += 1;
      const id = (data[2] ?? 0) | ((data[3] ?? 0) << 8);
      const next = [(id + 1) & 0xff, ((id + 1) >> 8) & 0xff];
      return data[4] === 0
        ? Uint8Array.of(...next, data[2] ?? 0, data[3] ?? 0, 0x51, 0x01, 0xff)
        : Uint8Array.of(...next, 0x41);
    });
    const error = await ipmiErrorOf(readSdr(execute));
    expect(error).toMatchObject({ code: 'bad-reply' });
    expect(error.message).toMatch(/did not end/);
    expect(reads).toBeLessThan(17_000);
  });

  it('a board without the repository gives its device SDRs, unit by unit', async () => {
    const board = boardOf('sdr');
    const seen: string[] = [];
    const execute = executeOn((netFn, cmd, data, lun) => {
      if (netFn === 0x06) return Uint8Array.of(0x20, 0x81, 1, 0, 2, 0x01, 0, 0, 0, 0, 0);
      if (netFn !== 0x04) return 0xc1;
      seen.push(`${cmd.toString(16)}/${lun}`);
      if (cmd === 0x20) return Uint8Array.of(12, 0x05);
      if (cmd === 0x22) return Uint8Array.of(7, 0);
      return lun === 0 ? board(0x0a, 0x23, data, lun) : 0xcb;
    });
    const { records } = await readSdr(execute);
    expect(records.length).toBe(13);
    expect(seen).toContain('22/2');
    expect(seen).not.toContain('22/1');
  });
});
