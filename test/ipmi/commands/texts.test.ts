import { describe, expect, it } from 'vitest';
import { fromHex } from '../../../src/base/bytes.ts';
import { getSelfTestResults, selfTestTexts } from '../../../src/ipmi/commands/app/get-self-test-results.ts';
import {
  getSystemRestartCause,
  restartCauseText,
} from '../../../src/ipmi/commands/chassis/get-system-restart-cause.ts';
import { getChassisStatus } from '../../../src/ipmi/commands/chassis/get-status.ts';
import {
  restorePolicyOf,
  setPowerRestorePolicy,
} from '../../../src/ipmi/commands/chassis/set-power-restore-policy.ts';
import type { Command } from '../../../src/ipmi/commands/command.ts';
import { getSelInfo } from '../../../src/ipmi/commands/storage/get-sel-info.ts';
import { getSolConfiguration } from '../../../src/ipmi/commands/transport/configuration.ts';
import {
  decodeSolAccumulate,
  decodeSolAuthentication,
  decodeSolRetry,
  solBitRate,
  solParameter,
} from '../../../src/ipmi/commands/transport/sol-parameters.ts';
import { golden } from './golden.ts';

/** The decoded reply of a command in a capture. */
function replyOf<Request, Reply>(name: string, command: Command<Request, Reply>): Reply {
  const found = golden(name).exchanges.find(
    ({ netFn, cmd }) => netFn === command.netFn && cmd === command.cmd,
  );
  return command.decodeReply(fromHex(found?.reply ?? ''));
}

/** `Name : value` lines of ipmitool. */
const saidBy = (name: string): ReadonlyMap<string, string> =>
  new Map(
    golden(name)
      .text.split('\n')
      .map((line) => /^\s*([^:]+?) *: *(.*)$/.exec(line))
      .filter((match) => match !== null)
      .map(([, key = '', value = '']) => [key, value.trim()] as const),
  );

describe('replies mean what ipmitool prints', () => {
  it('self test, restart cause and restore policies', () => {
    expect(saidBy('own-selftest').get('Selftest')).toBe('passed');
    expect(selfTestTexts(replyOf('own-selftest', getSelfTestResults))).toEqual(['passed']);
    expect(saidBy('own-restart-cause').get('System restart cause')).toBe('unknown');
    expect(restartCauseText(replyOf('own-restart-cause', getSystemRestartCause).cause)).toBe('unknown');
    expect(golden('own-policy-list').text).toContain('always-off always-on previous');
    expect(replyOf('own-policy-list', setPowerRestorePolicy)).toEqual(['off', 'previous', 'on']);
    expect(saidBy('chassis-status').get('Power Restore Policy')).toBe('always-off');
    expect(restorePolicyOf(replyOf('chassis-status', getChassisStatus).powerState)).toBe('off');
  });

  it('event log info', () => {
    const info = replyOf('sel-info', getSelInfo);
    const said = saidBy('sel-info');
    expect(String(info.entries)).toBe(said.get('Entries'));
    expect(`${info.freeBytes} bytes`).toBe(said.get('Free Space'));
    expect(String(info.overflow)).toBe(said.get('Overflow'));
  });

  it('SOL settings', () => {
    const said = saidBy('own-sol-info');
    const values = new Map(
      golden('own-sol-info')
        .exchanges.filter(
          ({ netFn, cmd }) => netFn === getSolConfiguration.netFn && cmd === getSolConfiguration.cmd,
        )
        .map(({ request, reply }) => [
          getSolConfiguration.decodeRequest(fromHex(request)).parameter,
          getSolConfiguration.decodeReply(fromHex(reply)).value,
        ]),
    );
    const value = (name: keyof typeof solParameter): Uint8Array =>
      values.get(solParameter[name]) ?? new Uint8Array();
    const { forceEncryption, forceAuthentication, privilege } = decodeSolAuthentication(
      value('authentication'),
    );
    expect(String(forceEncryption)).toBe(said.get('Force Encryption'));
    expect(String(forceAuthentication)).toBe(said.get('Force Authentication'));
    expect([privilege, said.get('Privilege Level')]).toEqual([3, 'OPERATOR']);
    const { intervalSteps, threshold } = decodeSolAccumulate(value('accumulate'));
    expect(String(intervalSteps * 5)).toBe(said.get('Character Accumulate Level (ms)'));
    expect(String(threshold)).toBe(said.get('Character Send Threshold'));
    const retry = decodeSolRetry(value('retry'));
    expect(String(retry.count)).toBe(said.get('Retry Count'));
    expect(String(retry.intervalSteps * 10)).toBe(said.get('Retry Interval (ms)'));
    const rate = solBitRate(value('volatileBitRate'));
    expect(((rate ?? 0) / 1000).toFixed(1)).toBe(said.get('Volatile Bit Rate (kbps)'));
  });
});
