/** A repeatable source of numbers below a limit. xorshift32 */
export function numbersFrom(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** One damaged copy of a genuine packet, or noise. Never longer than a frame holds. */
export function mutated(genuine: readonly Buffer[], pick: (below: number) => number): Buffer {
  const noise = (most: number): Buffer => Buffer.from(Array.from({ length: pick(most) }, () => pick(256)));
  const one = genuine[pick(genuine.length)] ?? Buffer.alloc(0);
  const bytes = Buffer.from(one);
  switch (pick(8)) {
    case 0:
      return noise(600);
    case 1:
      return bytes.subarray(0, pick(bytes.length + 1));
    case 2: {
      const other = genuine[pick(genuine.length)] ?? bytes;
      const cut = pick(bytes.length + 1);
      return Buffer.concat([bytes.subarray(0, cut), other.subarray(cut)]);
    }
    case 3:
      return Buffer.concat([bytes, noise(900)]);
    case 4: {
      const at = pick(bytes.length);
      return Buffer.concat([bytes.subarray(0, at), noise(40), bytes.subarray(at)]);
    }
    case 5:
      for (let bit = 0; bit < 8; bit += 1) {
        const at = pick(bytes.length);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << pick(8));
      }
      return bytes;
    default:
      for (let change = pick(6); change >= 0; change -= 1) bytes[pick(bytes.length)] = pick(256);
      return bytes;
  }
}
