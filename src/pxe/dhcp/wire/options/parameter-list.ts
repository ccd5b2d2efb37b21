/** What a client wants, the most wanted first (option 55, RFC 2132 §9.8). */
export class ParameterList implements Iterable<number> {
  readonly #options: Uint8Array;

  constructor(options: Uint8Array) {
    this.#options = options;
  }

  has(option: number): boolean {
    return this.#options.includes(option);
  }

  /** Each option once. */
  [Symbol.iterator](): Iterator<number> {
    return new Set(this.#options).values();
  }
}

/** Nothing in particular is wanted. */
export const noParameterList = new ParameterList(new Uint8Array());
