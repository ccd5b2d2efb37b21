import { describe, expect, it } from 'vitest';
import { completionFailure, rakpFailure } from '../../src/ipmi/status-text.ts';

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('status texts', () => {
  it('every RMCP+ and RAKP status has its own text. IPMI 2.0 §13.24, table 13-15', () => {
    const texts = range(0x01, 0x12).map((status) =>
      rakpFailure(status, 'admin', 17).message.replace(/ \(status.*/, ''),
    );
    expect(new Set(texts).size).toBe(0x12);
    expect(texts.join()).not.toMatch(/unknown status/);
  });

  it('every generic completion code has its own text. IPMI 2.0 §5.2, table 5-2', () => {
    const codes = [...range(0xc0, 0xd6), 0xff];
    const texts = codes.map((code) => completionFailure('X', code).message.replace(/ \(completion.*/, ''));
    expect(new Set(texts).size).toBe(codes.length);
    expect(texts.join()).not.toMatch(/reason of its own/);
  });

  it('any number gives an error with the number in it', () => {
    for (const code of range(1, 255)) {
      expect(completionFailure('X', code).data).toEqual({ completionCode: code });
      expect(rakpFailure(code, 'u', 3).data).toEqual({ rakpStatus: code });
    }
  });

  it('codes mean what the command says', () => {
    expect(completionFailure('Set System Boot Options', 0x80).message).toMatch(/boot parameter/);
    expect(completionFailure('Set Session Privilege Level', 0x81).code).toBe('privilege');
    expect(completionFailure('Activate Payload', 0x82).code).toBe('out-of-sessions');
    expect(completionFailure('Get SEL Info', 0x81).message).toMatch(/being erased/);
    expect(completionFailure('Set Channel Access', 0x83).message).toMatch(/settings/);
    expect(completionFailure('Chassis Control', 0x80).message).toMatch(/reason of its own/);
  });
});
