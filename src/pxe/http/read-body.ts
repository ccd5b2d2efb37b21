import type { IncomingMessage } from 'node:http';

/** Bytes of request bodies that the server holds at a time. */
export interface BodyBudget {
  held: number;
  readonly max: number;
}

export type ReadBody =
  | { readonly kind: 'body'; readonly bytes: Uint8Array }
  | { readonly kind: 'too-large' }
  /** All clients together send more than the server holds; asking again later helps. */
  | { readonly kind: 'no-room' }
  | { readonly kind: 'broken' };

/** Collects a request body of at most `limit` bytes; never rejects. What it took from the budget it gives back. */
export async function readBody(req: IncomingMessage, limit: number, budget: BodyBudget): Promise<ReadBody> {
  if (Number(req.headers['content-length'] ?? 0) > limit) return { kind: 'too-large' };
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    // `destroyOnReturn: false`: after a refusal the connection must live long enough to carry the answer.
    for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      if (length + chunk.length > limit) return { kind: 'too-large' };
      if (budget.held + chunk.length > budget.max) return { kind: 'no-room' };
      length += chunk.length;
      budget.held += chunk.length;
      chunks.push(chunk);
    }
    return { kind: 'body', bytes: Buffer.concat(chunks) };
  } catch {
    return { kind: 'broken' };
  } finally {
    budget.held -= length;
  }
}
