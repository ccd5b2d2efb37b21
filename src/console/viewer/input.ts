import type { ClientMessage } from '../protocol.ts';

/** Characters of a message; the longest is a search. */
const maxTextLength = 4096;
/** Characters of a text to look for. */
const maxSearchLength = 256;
/** Bytes of one frame of typed characters; a page cuts what is pasted. */
export const maxTypedBytes = 65_536;

type Members = Readonly<Record<string, unknown>>;

const isOffset = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
/** A file's name, never a path. */
const isPictureName = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9a-z][0-9a-z-]{0,79}\.png$/.test(value);
const isId = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{1,64}$/.test(value);

/** `undefined` is absent; anything else must be as the guard says. */
function optional<T>(value: unknown, guard: (value: unknown) => value is T): { readonly of?: T } | undefined {
  if (value === undefined) return {};
  return guard(value) ? { of: value } : undefined;
}

function withRequest(message: Members, request: number): ClientMessage | undefined {
  switch (message['type']) {
    case 'break':
      return { type: 'break', request };
    case 'take-over':
      return { type: 'take-over', request };
    case 'open-screen': {
      const viewOnly = message['viewOnly'] ?? false;
      return typeof viewOnly === 'boolean' ? { type: 'open-screen', request, viewOnly } : undefined;
    }
    case 'power': {
      const { action } = message;
      return action === 'on' || action === 'off' || action === 'reset'
        ? { type: 'power', request, action }
        : undefined;
    }
    case 'search': {
      const { text } = message;
      const before = optional(message['before'], isOffset);
      if (typeof text !== 'string' || text === '' || text.length > maxSearchLength || !before)
        return undefined;
      return { type: 'search', request, text, ...(before.of === undefined ? {} : { before: before.of }) };
    }
    case 'picture': {
      const { name } = message;
      return isPictureName(name) ? { type: 'picture', request, name } : undefined;
    }
    default:
      return undefined;
  }
}

/** Reads a viewer's message; undefined when it is none of the protocol's, too long, or a member is not as it must be. */
export function parseClientMessage(text: string): ClientMessage | undefined {
  if (text.length > maxTextLength) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const message = value as Members;
  switch (message['type']) {
    case 'watch': {
      const from = optional(message['from'], isOffset);
      return from && { type: 'watch', ...(from.of === undefined ? {} : { from: from.of }) };
    }
    case 'hand-over': {
      const to = optional(message['to'], isId);
      return to && { type: 'hand-over', ...(to.of === undefined ? {} : { to: to.of }) };
    }
    case 'ask-write':
      return { type: 'ask-write' };
    case 'keep-write':
      return { type: 'keep-write' };
    default: {
      const { request } = message;
      return isOffset(request) ? withRequest(message, request) : undefined;
    }
  }
}
