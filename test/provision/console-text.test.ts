import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newestLines, secretlessLines } from '../../src/provision/run/console-text.ts';
import { cases } from '../support/cases.ts';
import { newRun } from '../support/runs.ts';

const hex = '0123456789abcdef';
const token = (seed: number): string =>
  Array.from({ length: 64 }, (_, i) => hex.charAt((i * i * 7 + i * seed + seed) % 16)).join('');
const run = newRun('install', { bootToken: token(3), kickstartToken: token(5), reportToken: token(11) });

describe('what a serial console printed', () => {
  it('becomes lines that say something', () => {
    expect(secretlessLines(' SeaBIOS\r\n\n \nfailed \n', run)).toEqual(['SeaBIOS', 'failed']);
    expect(secretlessLines('', run)).toEqual([]);
  });

  it('has no secret of the run, whole or broken over lines', () => {
    const { kickstartToken, reportToken } = run;
    const shown = secretlessLines(
      `inst.ks=http://192.0.2.1:8081/boot/${kickstartToken}/ks.cfg\r\n/boot/${kickstartToken.slice(0, 30)}\r\n${kickstartToken.slice(30)}/ks\r\nvnc 0f${reportToken.slice(-8).toUpperCase()}0`,
      run,
    );
    expect(shown).toEqual([
      'inst.ks=http://192.0.2.1:8081/boot/******/ks.cfg',
      '/boot/******',
      '******/ks',
      expect.stringMatching(/^vnc 0?f?\*{6}0?$/),
    ]);
    expect(secretlessLines('uuid deadbeefdeadbeef at fee00000', run)).toEqual([
      'uuid deadbeefdeadbeef at fee00000',
    ]);
  });

  it('never has blank lines or eight digits of a token, whatever came', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom('\r', '\n', ' ', '/', '0f'),
      fc
        .tuple(
          fc.constantFrom(run.bootToken, run.kickstartToken, run.reportToken),
          fc.nat(56),
          fc.integer({ min: 8, max: 64 }),
        )
        .map(([secret, from, length]) => secret.slice(from, from + length)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        for (const line of secretlessLines(pieces.join(''), run)) {
          expect(line.trim()).not.toBe('');
          for (let at = 0; at + 8 <= line.length; at++)
            for (const secret of [run.bootToken, run.kickstartToken, run.reportToken])
              expect(secret).not.toContain(line.slice(at, at + 8).toLowerCase());
        }
      }),
      { numRuns: cases(20_000) },
    );
  });

  it('is a few short lines in a timeline', () => {
    const lines = newestLines(Array.from({ length: 100 }, (_, i) => `${i} ${'x'.repeat(1000)}`));
    expect(lines.length).toBe(8);
    expect(lines[7]).toMatch(/^99 x+…$/);
    expect(lines.every((line) => line.length <= 160)).toBe(true);
    expect(newestLines([`${'x'.repeat(158)}😀😀`])[0]).toBe(`${'x'.repeat(158)}…`);
  });

  it('is not looked through for ever', () => {
    const lines = secretlessLines(`secret start\n${'abcdef01'.repeat(400_000)}\nend`, run);
    expect(lines.at(-1)).toBe('end');
    expect(lines).not.toContain('secret start');
  });
});
