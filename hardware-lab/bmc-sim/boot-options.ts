import { type BootFlags, decodeBootFlags } from '../../src/ipmi/commands/chassis/boot-flags.ts';

/** Boot options as the BMC keeps them. IPMI 2.0 §28.12, table 28-14 */
export interface BootOptions {
  readonly setInProgress: number;
  /** Parameters that were written; the others have their default. */
  readonly values: ReadonlyMap<number, Uint8Array>;
  readonly invalid: ReadonlySet<number>;
  /** Then the boot flags lose their valid bit unless a chassis control comes first. IPMI 2.0 §28.13, parameter 3 */
  readonly flagsExpireAt: number | undefined;
}

/** What the firmware was told when it last started. */
export interface BootTaken {
  readonly at: number;
  /** Undefined: no valid flags, its own order. */
  readonly flags: BootFlags | undefined;
}

const parameter = { setInProgress: 0, validBitClearing: 3, acknowledge: 4, flags: 5 } as const;
const lastParameter = 7;
const flagsTimeoutMs = 60_000;
const keepAfterTimeout = 0x08;
const validBit = 0x80;

const defaults: ReadonlyMap<number, Uint8Array> = new Map([
  [1, Uint8Array.of(0)],
  [2, Uint8Array.of(0)],
  [parameter.validBitClearing, Uint8Array.of(0)],
  [parameter.acknowledge, Uint8Array.of(0, 0)],
  [parameter.flags, new Uint8Array(5)],
  [6, new Uint8Array(9)],
  [7, new Uint8Array(17)],
]);

export const initialBootOptions: BootOptions = {
  setInProgress: 0,
  values: new Map(),
  invalid: new Set(),
  flagsExpireAt: undefined,
};

const valueOf = (boot: BootOptions, number: number): Uint8Array | undefined =>
  boot.values.get(number) ?? defaults.get(number);

const firstByte = (value: Uint8Array | undefined): number => value?.at(0) ?? 0;

/** A parameter as Get System Boot Options answers it; undefined when there is none (completion code 0x80). */
export function readBootOption(
  boot: BootOptions,
  number: number,
): { readonly value: Uint8Array; readonly markedInvalid: boolean } | undefined {
  if (number === parameter.setInProgress)
    return { value: Uint8Array.of(boot.setInProgress), markedInvalid: false };
  const value = valueOf(boot, number);
  return value && { value, markedInvalid: boot.invalid.has(number) };
}

/** Set System Boot Options: the new options, or a completion code. IPMI 2.0 §28.12 */
export function writeBootOption(
  boot: BootOptions,
  request: { readonly parameter: number; readonly markInvalid: boolean; readonly value: Uint8Array },
  now: number,
): BootOptions | number {
  const { parameter: number, markInvalid, value } = request;
  if (number > lastParameter) return 0x80;
  if (number === parameter.setInProgress) {
    const wish = firstByte(value) & 0x03;
    if (wish === 1 && boot.setInProgress === 1) return 0x81;
    return { ...boot, setInProgress: wish === 1 ? 1 : 0 };
  }
  const invalid = new Set(boot.invalid);
  if (markInvalid) invalid.add(number);
  else invalid.delete(number);
  if (value.length === 0) return { ...boot, invalid };
  const length = (defaults.get(number) ?? new Uint8Array()).length;
  if (value.length > length) return 0xc7;
  const full = new Uint8Array(length);
  full.set(value);
  // The acknowledge parameter takes a write mask first: only the bits in it change. IPMI 2.0 §28.13, parameter 4
  const kept = number === parameter.acknowledge ? acknowledged(valueOf(boot, number), full) : full;
  const values = new Map(boot.values).set(number, kept);
  const next = { ...boot, values, invalid };
  if (number !== parameter.flags) return next;
  return { ...next, flagsExpireAt: expiry(next, now) };
}

function acknowledged(before: Uint8Array | undefined, written: Uint8Array): Uint8Array {
  const mask = firstByte(written);
  return Uint8Array.of(0, ((before?.at(1) ?? 0) & ~mask) | ((written.at(1) ?? 0) & mask));
}

function expiry(boot: BootOptions, now: number): number | undefined {
  const keep = (firstByte(valueOf(boot, parameter.validBitClearing)) & keepAfterTimeout) !== 0;
  const valid = (firstByte(valueOf(boot, parameter.flags)) & validBit) !== 0;
  return keep || !valid ? undefined : now + flagsTimeoutMs;
}

function invalidate(boot: BootOptions): BootOptions {
  const flags = new Uint8Array(valueOf(boot, parameter.flags) ?? []);
  flags.set([firstByte(flags) & ~validBit]);
  return { ...boot, values: new Map(boot.values).set(parameter.flags, flags), flagsExpireAt: undefined };
}

/** Lets the valid bit expire when its time has come. */
export function expireBootFlags(boot: BootOptions, now: number): BootOptions {
  return boot.flagsExpireAt !== undefined && boot.flagsExpireAt <= now ? invalidate(boot) : boot;
}

/** A chassis control within the 60 s makes the flags last until the boot that it causes. */
export function holdBootFlags(boot: BootOptions): BootOptions {
  return boot.flagsExpireAt === undefined ? boot : { ...boot, flagsExpireAt: undefined };
}

/** The firmware starts: it reads the flags and, unless they are persistent, they are used up. */
export function takeBootFlags(boot: BootOptions, at: number): readonly [BootOptions, BootTaken] {
  const value = valueOf(boot, parameter.flags) ?? new Uint8Array(5);
  const flags = decodeBootFlags(value);
  if (!flags.valid || boot.invalid.has(parameter.flags)) return [boot, { at, flags: undefined }];
  return [flags.persistent ? holdBootFlags(boot) : invalidate(boot), { at, flags }];
}
