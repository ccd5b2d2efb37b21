import { ApiError } from '../errors.ts';

/** No real call nests deeper than 6; rooms behind the API may walk a body recursively. */
const maxDepth = 32;

function isTooDeep(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (quoted) {
      if (char === 0x5c) at += 1;
      else if (char === 0x22) quoted = false;
    } else if (char === 0x22) quoted = true;
    else if (char === 0x7b || char === 0x5b) {
      depth += 1;
      if (depth > maxDepth) return true;
    } else if (char === 0x7d || char === 0x5d) depth -= 1;
  }
  return false;
}

/** A JSON object with members of any kind. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The JSON object of a request body; an empty body is an empty object. Throws ApiError `bad-request`, whose text never quotes
 * the body (it may hold a password).
 */
export function parseJsonBody(text: string): JsonObject {
  if (text.trim() === '') return {};
  if (isTooDeep(text)) throw new ApiError('bad-request', `the body nests deeper than ${maxDepth} levels`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ApiError('bad-request', 'the body is not JSON (RFC 8259)');
  }
  if (value === null) return {};
  if (!isJsonObject(value)) throw new ApiError('bad-request', 'the body must be a JSON object');
  return value;
}
