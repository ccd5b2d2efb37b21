import type { ServerMessage } from '../protocol.ts';
import type { Desk } from './desk.ts';

/** Lines of a timeline in one message. */
const maxLines = 500;

/** What a viewer was told of a machine, so that only what changed is told again, and of many changes only the last. */
export interface States {
  /** The next message; undefined when the viewer knows everything. */
  next(): ServerMessage | undefined;
}

/** `machine` is told already: `hello` has it. */
export function createStates(desk: Desk): States {
  const told = new Map<ServerMessage['type'], string>([['machine', JSON.stringify(desk.view())]]);
  let lines = { runUuid: '', count: 0 };

  const now = (): readonly ServerMessage[] => {
    const writer = desk.hub.floor.writer();
    return [
      { type: 'machine', machine: desk.view() },
      { type: 'serial', serial: desk.serial() },
      { type: 'screen', available: desk.hasScreen() },
      {
        type: 'viewers',
        viewers: desk.viewers(),
        ...(writer === undefined ? {} : { writer: writer.id }),
      },
      { type: 'typing', waiting: desk.hub.waiting() },
    ];
  };

  function timeline(): ServerMessage | undefined {
    const found = desk.timeline();
    if (found === undefined) return undefined;
    const { runUuid } = found;
    const reset = runUuid !== lines.runUuid || found.lines.length < lines.count;
    const from = reset ? 0 : lines.count;
    const more = found.lines.slice(from, from + maxLines);
    if (!reset && more.length === 0) return undefined;
    lines = { runUuid, count: from + more.length };
    return { type: 'timeline', runUuid, reset, lines: more };
  }

  return {
    next() {
      for (const message of now()) {
        const text = JSON.stringify('machine' in message ? message.machine : message);
        if (told.get(message.type) === text) continue;
        // Nothing waits at the start; that needs no words.
        const isNews = message.type !== 'typing' || message.waiting > 0 || told.has('typing');
        told.set(message.type, text);
        if (isNews) return message;
      }
      return timeline();
    },
  };
}
