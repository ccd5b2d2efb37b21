import { describe, expect, it } from 'vitest';
import {
  type BootOptions,
  expireBootFlags,
  holdBootFlags,
  initialBootOptions,
  readBootOption,
  takeBootFlags,
  writeBootOption,
} from '../../hardware-lab/bmc-sim/boot-options.ts';

const pxeOnceEfi = Uint8Array.of(0xa0, 0x04, 0, 0, 0);
const pxeAlways = Uint8Array.of(0xc0, 0x04, 0, 0, 0);

function written(boot: BootOptions, parameter: number, value: Uint8Array, now = 0): BootOptions {
  const next = writeBootOption(boot, { parameter, markInvalid: false, value }, now);
  if (typeof next === 'number') throw new Error(`refused with ${next}`);
  return next;
}

const flagsOf = (boot: BootOptions) => readBootOption(boot, 5)!.value[0];

describe('boot options of the simulated BMC', () => {
  it('loses the valid bit after 60 s', () => {
    const boot = written(initialBootOptions, 5, pxeOnceEfi, 1000);
    expect(flagsOf(expireBootFlags(boot, 60_999))).toBe(0xa0);
    expect(flagsOf(expireBootFlags(boot, 61_000))).toBe(0x20);
  });

  it('keeps it when a chassis control came in time, or when parameter 3 says so', () => {
    const held = holdBootFlags(written(initialBootOptions, 5, pxeOnceEfi));
    expect(flagsOf(expireBootFlags(held, 1e9))).toBe(0xa0);
    const told = written(written(initialBootOptions, 3, Uint8Array.of(0x08)), 5, pxeOnceEfi);
    expect(flagsOf(expireBootFlags(told, 1e9))).toBe(0xa0);
  });

  it('gives flags to one boot, persistent ones to each', () => {
    const [once, first] = takeBootFlags(written(initialBootOptions, 5, pxeOnceEfi), 7);
    expect(first).toEqual({ at: 7, flags: { valid: true, persistent: false, efi: true, selector: 1 } });
    expect(takeBootFlags(once, 8)[1].flags).toBeUndefined();
    const [always] = takeBootFlags(written(initialBootOptions, 5, pxeAlways), 7);
    expect(takeBootFlags(always, 8)[1].flags).toMatchObject({ persistent: true, efi: false });
  });

  it('refuses a second "set in progress", unknown parameters and too long values', () => {
    const busy = written(initialBootOptions, 0, Uint8Array.of(1));
    const write = (parameter: number, value: Uint8Array) =>
      writeBootOption(busy, { parameter, markInvalid: false, value }, 0);
    expect(write(0, Uint8Array.of(1))).toBe(0x81);
    expect(write(0, Uint8Array.of(0))).toMatchObject({ setInProgress: 0 });
    expect(write(99, Uint8Array.of(1))).toBe(0x80);
    expect(write(5, new Uint8Array(6))).toBe(0xc7);
  });

  it('changes only the masked bits of the acknowledgement', () => {
    const first = written(initialBootOptions, 4, Uint8Array.of(0x01, 0x01));
    const second = written(first, 4, Uint8Array.of(0x02, 0x02));
    expect(readBootOption(second, 4)?.value).toEqual(Uint8Array.of(0, 0x03));
  });

  it('does not boot from a parameter that is marked invalid', () => {
    const boot = written(initialBootOptions, 5, pxeOnceEfi);
    const marked = writeBootOption(boot, { parameter: 5, markInvalid: true, value: new Uint8Array() }, 0);
    expect(readBootOption(marked as BootOptions, 5)).toMatchObject({ markedInvalid: true });
    expect(takeBootFlags(marked as BootOptions, 1)[1].flags).toBeUndefined();
  });
});
