/** Ranges of addresses as numbers, in order and apart from each other. */
export class AddressRanges {
  readonly #ranges: readonly (readonly [number, number])[];

  /** First and last address of each, in any order; they may overlap. */
  constructor(ranges: Iterable<readonly [number, number]>) {
    const sorted = [...ranges].sort(([a], [b]) => a - b);
    const merged: [number, number][] = [];
    for (const [begin, end] of sorted) {
      const last = merged.at(-1);
      if (last !== undefined && begin <= last[1] + 1) last[1] = Math.max(last[1], end);
      else merged.push([begin, end]);
    }
    this.#ranges = merged;
  }

  has(address: number): boolean {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const range = this.#ranges[middle];
      if (range === undefined) return false;
      if (address < range[0]) high = middle;
      else if (address > range[1]) low = middle + 1;
      else return true;
    }
    return false;
  }

  /** How many addresses of a range are in these. */
  countWithin(begin: number, end: number): number {
    return this.#ranges.reduce(
      (sum, [first, last]) => sum + Math.max(0, Math.min(last, end) - Math.max(first, begin) + 1),
      0,
    );
  }
}
