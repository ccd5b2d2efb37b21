import { encodeOptions, encodeOverload, inOrder, type Options, sizeOf } from './option-area.ts';
import { code } from './option-codes.ts';

/** Bytes that options may take in each field of a message, end options included; 0 where a field is used for its own purpose. */
export interface OptionRoom {
  readonly options: number;
  readonly file: number;
  readonly sname: number;
}

/** Contents of the fields; `file` and `sname` undefined where they hold no options. */
export interface OptionLayout {
  readonly options: Uint8Array;
  readonly file: Uint8Array | undefined;
  readonly sname: Uint8Array | undefined;
}

/** Option 52 itself. */
const OVERLOAD_SIZE = 3;
const END_SIZE = 1;

/** What every client, relay and switch looks for in the options field itself; RFC 3046 §2.1 wants 82 there. */
const pinned: ReadonlySet<number> = new Set([
  code.messageType,
  code.serverId,
  code.vendorClass,
  code.relayInfo,
]);

/**
 * Options laid out in the options field, and where that is too small in `file`, then `sname` (RFC 2131 §4.1). Each option is whole
 * in one field. Undefined when they don't fit.
 */
export function layOutOptions(options: Options, room: OptionRoom): OptionLayout | undefined {
  const codes = inOrder(options);
  const size = (option: number): number => sizeOf(options.get(option) ?? new Uint8Array());
  const whole = codes.reduce((sum, option) => sum + size(option), END_SIZE);
  if (whole <= room.options) return { options: encodeOptions(options), file: undefined, sname: undefined };

  const left = {
    options: room.options - END_SIZE - OVERLOAD_SIZE,
    file: room.file - END_SIZE,
    sname: room.sname - END_SIZE,
  };
  const placed: Record<keyof OptionRoom, number[]> = { options: [], file: [], sname: [] };
  const place = (option: number, fields: readonly (keyof OptionRoom)[]): boolean => {
    const field = fields.find((name) => size(option) <= left[name]);
    if (field === undefined) return false;
    left[field] -= size(option);
    placed[field].push(option);
    return true;
  };
  const first = codes.filter((option) => pinned.has(option));
  // The largest first, or small ones would take the only field that holds it.
  const others = codes.filter((option) => !pinned.has(option)).sort((a, b) => size(b) - size(a));
  if (!first.every((option) => place(option, ['options']))) return undefined;
  if (!others.every((option) => place(option, ['options', 'file', 'sname']))) return undefined;

  const overload = { file: placed.file.length > 0, sname: placed.sname.length > 0 };
  const only = (kept: readonly number[]): Options =>
    new Map(kept.map((option) => [option, options.get(option) ?? new Uint8Array()]));
  return {
    options: encodeOptions(new Map([...only(placed.options), [code.overload, encodeOverload(overload)]])),
    file: overload.file ? encodeOptions(only(placed.file)) : undefined,
    sname: overload.sname ? encodeOptions(only(placed.sname)) : undefined,
  };
}
