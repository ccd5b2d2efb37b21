import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newestLines, plainConsole } from '../../src/provision/run/console-text.ts';
import { cases } from '../support/cases.ts';
import { newRun } from '../support/runs.ts';

const hex = '0123456789abcdef';
const token = (seed: number): string =>
  Array.from({ length: 64 }, (_, i) => hex.charAt((i * i * 7 + i * seed + seed) % 16)).join('');
const run = newRun('install', { bootToken: token(3), kickstartToken: token(5), reportToken: token(11) });

describe('what a serial console printed', () => {
  it('becomes lines of plain text', () => {
    const tail =
      '\x1b[2J\x1b[01;01HSeaBIOS\r\n\x1b[0;1;31mfailed\x1b[0m\x07\r\n\r\n\r\n 10%\r 50%\r100% done\r\n\x1b]0;title\x07# \x1b(B';
    expect(plainConsole(tail, run)).toEqual(['SeaBIOS', 'failed', '100% done', '#']);
    expect(plainConsole('\x1b[05;01HPXE-E16\x1b[06;01HNo bootable device', run)).toEqual([
      'PXE-E16',
      'No bootable device',
    ]);
    expect(plainConsole('', run)).toEqual([]);
  });

  it('has no secret of the run, whole or broken over lines', () => {
    const { kickstartToken, reportToken } = run;
    const shown = plainConsole(
      `inst.ks=http://192.0.2.1:8081/boot/${kickstartToken}/ks.cfg\r\n/boot/${kickstartToken.slice(0, 30)}\r\n${kickstartToken.slice(30)}/ks\r\nvnc 0f${reportToken.slice(-8).toUpperCase()}0`,
      run,
    );
    expect(shown).toEqual([
      'inst.ks=http://192.0.2.1:8081/boot/******/ks.cfg',
      '/boot/******',
      '******/ks',
      expect.stringMatching(/^vnc 0?f?\*{6}0?$/),
    ]);
    expect(plainConsole('uuid deadbeefdeadbeef at fee00000', run)).toEqual([
      'uuid deadbeefdeadbeef at fee00000',
    ]);
  });

  it('never has control characters, blank lines or eight digits of a token, whatever came', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom('\x1b', '\x1b[', '\x1b]', '\r', '\n', '\x9b', '\u202e', '\x1b[H', '\x07'),
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
        for (const line of plainConsole(pieces.join(''), run)) {
          expect(line).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
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
    const lines = plainConsole(`secret start\n${'\x1b[1'.repeat(1_000_000)}\nend`, run);
    expect(lines.at(-1)).toBe('end');
    expect(lines).not.toContain('secret start');
  });
});
