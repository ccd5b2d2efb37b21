/** The ticket of a link: the fragment of its address, 64 hex digits; undefined for anything else. */
export function ticketOf(hash: string): string | undefined {
  const text = hash.startsWith('#') ? hash.slice(1) : hash;
  return /^[0-9a-f]{64}$/.test(text) ? text : undefined;
}

/** What the page keeps for its own reload. */
export interface Kept {
  readonly ticket: string;
  /** From where on the terminal showed the record. */
  readonly from?: number;
}

export function renderKept(ticket: string, from: number | undefined): string {
  return JSON.stringify({ ticket, from });
}

/** Undefined when it is not what `renderKept` wrote: the store of a browser tab is open to its person. */
export function parseKept(text: string | null): Kept | undefined {
  try {
    const { ticket, from } = JSON.parse(text ?? 'null') as { ticket?: unknown; from?: unknown };
    if (typeof ticket !== 'string' || ticketOf(ticket) === undefined) return undefined;
    return Number.isSafeInteger(from) && Number(from) >= 0 ? { ticket, from: Number(from) } : { ticket };
  } catch {
    return undefined;
  }
}
