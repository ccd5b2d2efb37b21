/** So many bytes are asked of the system at a time. */
const slabBytes = 65_536;

/**
 * Hands out arrays from large pieces of memory. For many that live shortly: each of more than 64 bytes would be an allocation outside
 * V8's heap otherwise. An array that is kept holds its whole piece.
 */
export class Slab {
  #bytes = new Uint8Array(0);
  #used = 0;

  /** `length` zero bytes that are nobody else's. */
  take(length: number): Uint8Array {
    if (length > slabBytes) return new Uint8Array(length);
    if (this.#used + length > this.#bytes.length) {
      this.#bytes = new Uint8Array(slabBytes);
      this.#used = 0;
    }
    const taken = this.#bytes.subarray(this.#used, this.#used + length);
    this.#used += length;
    return taken;
  }
}
