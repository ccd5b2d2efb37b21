const esc = 0x1b;

/**
 * A full reset (RIS, ESC c) that keeps what scrolled away: attributes, margins and modes as after power-up, screen empty, cursor at home.
 * Firmware and boot loaders send RIS as they start; a terminal would forget all that was printed before. ECMA-48 §8.3.105
 */
const reset = new TextEncoder().encode('\x1b[?1049l\x1b[!p\x1b[?7h\x1b[?25h\x1b(B\x1b[2J\x1b[H');

/** Replaces each RIS in output that comes in pieces; an ESC at the end of a piece goes with the next. */
export function createSoftener(): (piece: Uint8Array) => Uint8Array {
  let held = false;
  return (piece) => {
    const bytes = held ? Uint8Array.of(esc, ...piece) : piece;
    held = bytes.at(-1) === esc;
    const end = held ? bytes.length - 1 : bytes.length;
    const parts: Uint8Array[] = [];
    let from = 0;
    for (let at = bytes.indexOf(esc); at !== -1 && at < end; at = bytes.indexOf(esc, at + 1)) {
      if (bytes[at + 1] !== 0x63) continue;
      parts.push(bytes.subarray(from, at), reset);
      from = at + 2;
    }
    parts.push(bytes.subarray(from, end));
    return parts.length === 1 ? bytes.subarray(0, end) : concat(parts);
  };
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
