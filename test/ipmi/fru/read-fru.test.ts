import { describe, expect, it } from 'vitest';
import { readFru } from '../../../src/ipmi/fru/read-fru.ts';
import { ipmiErrorOf } from '../../support/ipmi-deps.ts';
import { golden } from '../commands/golden.ts';
import { type Board, boardOf, executeOn } from '../commands/replay.ts';

/** `Board Serial : X` of `ipmitool fru print` as a map. */
const saidBy = (name: string): ReadonlyMap<string, string> =>
  new Map(
    golden(name)
      .text.split('\n')
      .map((line) => /^ (.+?) *: (.*)$/.exec(line))
      .filter((match) => match !== null)
      .map(([, key = '', value = '']) => [key, value.trimEnd()] as const),
  );

const isRead = (netFn: number, cmd: number): boolean => netFn === 0x0a && cmd === 0x11;

describe('FRU inventory', () => {
  it.each(['fru', 'own-fru'])('says what ipmitool says: %s', async (name) => {
    const { chassis, board, product, problems, hasMultiRecords } = await readFru(executeOn(boardOf(name)));
    expect({ problems, hasMultiRecords }).toEqual({ problems: [], hasMultiRecords: false });
    const said = saidBy(name);
    const ours = new Map([
      ['Chassis Part Number', chassis?.partNumber],
      ['Chassis Serial', chassis?.serialNumber],
      ['Board Mfg', board?.manufacturer],
      ['Board Product', board?.productName],
      ['Board Serial', board?.serialNumber],
      ['Board Part Number', board?.partNumber],
      ['Board Extra', board?.custom[0]],
      ['Product Manufacturer', product?.manufacturer],
      ['Product Name', product?.productName],
      ['Product Part Number', product?.partNumber],
      ['Product Version', product?.version],
      ['Product Serial', product?.serialNumber],
      ['Product Asset Tag', product?.assetTag],
    ]);
    for (const [key, value] of ours) expect([key, value || undefined]).toEqual([key, said.get(key)]);
    expect(said.size).toBeGreaterThan(8);
  });

  it('tells when the board was made, and the type of the chassis', async () => {
    const { chassis, board } = await readFru(executeOn(boardOf('fru')));
    expect(new Date((board?.manufacturedAt ?? 0) * 1000).toISOString()).toBe('2023-11-14T22:13:00.000Z');
    expect(chassis?.type).toBe(23);
    expect((await readFru(executeOn(boardOf('own-fru')))).board?.manufacturedAt).toBeUndefined();
  });

  /** The captured board with bytes of its memory changed. */
  function damaged(changes: Readonly<Record<number, number>>): Board {
    const board = boardOf('fru');
    return (netFn, cmd, data, lun) => {
      const answer = board(netFn, cmd, data, lun);
      if (!isRead(netFn, cmd) || typeof answer === 'number') return answer;
      const offset = (data[1] ?? 0) | ((data[2] ?? 0) << 8);
      return answer.map((byte, at) => (at === 0 ? byte : (changes[offset + at - 1] ?? byte)));
    };
  }

  it('a wrong checksum is a finding, and the data is there', async () => {
    const header = await readFru(executeOn(damaged({ 7: 0 })));
    expect(header.problems).toEqual(['the checksum of the FRU header is wrong']);
    expect(header.product?.serialNumber).toBe('SER0001');
    const chassis = await readFru(executeOn(damaged({ 12: 0x58 })));
    expect(chassis.problems).toEqual(['the checksum of the FRU chassis area is wrong']);
    expect(chassis.chassis?.partNumber).toBe('XH-100');
  });

  it.each([
    [
      'an unwritten memory',
      Object.fromEntries(Array.from({ length: 8 }, (_, at) => [at, 0xff])),
      'FRU header is malformed',
    ],
    ['an area beyond the end', { 2: 0xf0 }, 'chassis area lies beyond the end'],
    ['an area that is too long', { 9: 0xff }, 'chassis area has a wrong length'],
    ['an area of no length', { 9: 0x00 }, 'chassis area has a wrong length'],
  ])('%s is a finding', async (_name, changes, text) => {
    const { problems, chassis } = await readFru(executeOn(damaged(changes)));
    expect(problems.join()).toContain(text);
    expect(chassis).toBeUndefined();
  });

  it('reads in smaller pieces, and in words, when the board wants it', async () => {
    const whole = await readFru(executeOn(boardOf('fru')));
    const board = boardOf('fru');
    const small: Board = (netFn, cmd, data, lun) =>
      isRead(netFn, cmd) && (data[3] ?? 0) > 16 ? 0xca : board(netFn, cmd, data, lun);
    expect(await readFru(executeOn(small))).toEqual(whole);
    const words: Board = (netFn, cmd, data, lun) => {
      if (cmd === 0x10) return Uint8Array.of(0x00, 0x01, 0x01);
      const offset = ((data[1] ?? 0) | ((data[2] ?? 0) << 8)) * 2;
      const count = (data[3] ?? 0) * 2;
      const answer = board(netFn, cmd, Uint8Array.of(0, offset & 0xff, offset >> 8, count), lun);
      return typeof answer === 'number' ? answer : Uint8Array.of(count / 2, ...answer.subarray(1));
    };
    expect(await readFru(executeOn(words))).toEqual(whole);
  });

  it('a FRU that is not there is an error; reads without data end', async () => {
    expect(await ipmiErrorOf(readFru(executeOn(() => 0xcb)))).toMatchObject({
      data: { completionCode: 0xcb },
    });
    const empty = executeOn((_netFn, cmd) => (cmd === 0x10 ? Uint8Array.of(0, 1, 0) : Uint8Array.of(8)));
    expect(await ipmiErrorOf(readFru(empty))).toMatchObject({ code: 'bad-reply' });
  });
});
