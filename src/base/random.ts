/** Source of `length` unpredictable bytes. Rooms without `node:crypto` get it as an input. */
export type RandomBytes = (length: number) => Uint8Array;
