import type { ServerMessage } from '../protocol.ts';
import type { Desk } from './desk.ts';

/** Lines of a timeline in one message. */
const maxLines = 500;

/** Of what all viewers of a machine share: with hundreds of them, each key that is typed would have it written hundreds of times. */
const texts = new WeakMap<object, string>();

function textOf(shared: object): string {
  const text = texts.get(shared) ?? JSON.stringify(shared);
  texts.set(shared, text);
  return text;
}

/** What a viewer was told of a machine, so that only what changed is told again, and of many changes only the last. */
export interface States {
  /** The next message; undefined when the viewer knows everything. */
  next(): ServerMessage | undefined;
}

/** `machine` is told already: `hello` has it. */
export function createStates(desk: Desk, viewerId: string): States {
  const told = new Map<ServerMessage['type'], string>([['machine', textOf(desk.view())]]);
  let lines = { runUuid: '', count: 0 };

  /** Each with a text that is another one when the message is. */
  const now = (): ReadonlyArray<readonly [message: ServerMessage, text: string]> => {
    const writer = desk.hub.floor.writer()?.id;
    const [machine, viewers, serial] = [desk.view(), desk.viewers(), desk.serial()];
    const available = desk.hasScreen();
    // Each key would be news for everybody.
    const waiting = writer === viewerId ? desk.hub.waiting() : 0;
    return [
      [{ type: 'machine', machine }, textOf(machine)],
      [{ type: 'serial', serial }, JSON.stringify(serial)],
      [{ type: 'screen', available }, String(available)],
      [
        { type: 'viewers', viewers, ...(writer === undefined ? {} : { writer }) },
        `${writer ?? ''} ${textOf(viewers)}`,
      ],
      [{ type: 'typing', waiting }, String(waiting)],
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
      for (const [message, text] of now()) {
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
