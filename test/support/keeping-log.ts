import type { Logger } from '../../src/base/log.ts';

/** A logger that keeps every line as JSON text. */
export function keepingLog(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const keep =
    (level: string) =>
    (facts: object, text: string): void => {
      lines.push(JSON.stringify({ level, ...facts, text }));
    };
  return { lines, debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
}
