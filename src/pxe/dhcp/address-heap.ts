interface Item {
  readonly key: number;
  readonly time: number;
}

/** Keys ordered by time, smallest first; setting, removing and taking the first cost O(log n). */
export class AddressHeap {
  readonly #items: Item[] = [];
  readonly #positions = new Map<number, number>();

  get size(): number {
    return this.#items.length;
  }

  /** The key with the smallest time, and of those the one that is smallest itself. */
  first(): Item | undefined {
    return this.#items[0];
  }

  /** The time of a key that is there. */
  timeOf(key: number): number | undefined {
    const at = this.#positions.get(key);
    return at === undefined ? undefined : this.#items[at]?.time;
  }

  /** Adds a key, or moves it to another time. */
  set(key: number, time: number): void {
    const at = this.#positions.get(key) ?? this.#items.length;
    this.#place(at, { key, time });
    this.#sift(at);
  }

  delete(key: number): void {
    const at = this.#positions.get(key);
    if (at === undefined) return;
    this.#positions.delete(key);
    const last = this.#items.pop();
    if (last === undefined || last.key === key) return;
    this.#place(at, last);
    this.#sift(at);
  }

  #place(at: number, item: Item): void {
    this.#items[at] = item;
    this.#positions.set(item.key, at);
  }

  #sift(start: number): void {
    let at = start;
    while (at > 0 && this.#before(at, (at - 1) >> 1)) at = this.#swap(at, (at - 1) >> 1);
    for (;;) {
      const left = 2 * at + 1;
      const child = left + 1 < this.#items.length && this.#before(left + 1, left) ? left + 1 : left;
      if (child >= this.#items.length || !this.#before(child, at)) return;
      at = this.#swap(at, child);
    }
  }

  #before(a: number, b: number): boolean {
    const x = this.#items[a] as Item;
    const y = this.#items[b] as Item;
    return x.time < y.time || (x.time === y.time && x.key < y.key);
  }

  #swap(a: number, b: number): number {
    const item = this.#items[a] as Item;
    this.#place(a, this.#items[b] as Item);
    this.#place(b, item);
    return b;
  }
}
