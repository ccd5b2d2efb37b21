import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/base/bytes.ts';
import { allCommands } from './all-commands.ts';
import { captureAll, ipmiSimRuns, ownSimRuns } from './golden-runs.ts';
import { golden, goldenNames } from './golden.ts';

const commandOf = (netFn: number, cmd: number) =>
  allCommands.find((one) => one.netFn === netFn && one.cmd === cmd);

/** What our replies do not keep: bytes behind the mandatory ones, and the reserved bit over the states that the standard sets. */
const kept: Readonly<Record<string, (hex: string) => string>> = {
  'Get Device ID': (hex) => hex.slice(0, 22),
  // ipmi_sim sends bytes of its memory behind the empty reply.
  'Chassis Identify': () => '',
  'Get Sensor Reading': (hex) =>
    `${hex.slice(0, 6)}${(Number.parseInt(hex.slice(6, 8) || '0', 16) | 0x80).toString(16)}`,
};

describe('bytes of ipmitool', () => {
  it('there is a capture of each run', { timeout: 300_000 }, async () => {
    if (process.env['UPDATE_FIXTURES'] === '1') {
      await captureAll();
      throw new Error('fixtures were written anew; look at them and run without UPDATE_FIXTURES');
    }
    expect(goldenNames()).toEqual([...ipmiSimRuns.keys(), ...ownSimRuns.keys()].toSorted());
  });

  it.each(goldenNames())('%s: requests are read, and written as ipmitool wrote them', (name) => {
    const known = golden(name).exchanges.filter(({ netFn, cmd }) => commandOf(netFn, cmd));
    expect(known.length).toBeGreaterThan(0);
    for (const { netFn, cmd, request } of known)
      expect(toHex(commandOf(netFn, cmd)?.requestAgain(fromHex(request)) ?? new Uint8Array())).toBe(request);
  });

  it.each(goldenNames())('%s: replies are read, and written as the BMC wrote them', (name) => {
    for (const { netFn, cmd, completionCode, reply } of golden(name).exchanges) {
      const command = commandOf(netFn, cmd);
      if (command === undefined || completionCode !== 0) continue;
      const again = toHex(command.replyAgain(fromHex(reply)));
      expect([command.name, again]).toEqual([command.name, kept[command.name]?.(reply) ?? reply]);
    }
  });
});
