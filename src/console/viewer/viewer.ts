import { messageOf } from '../../base/errors.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { createIdle } from '../idle.ts';
import { type ClientMessage, protocolVersion, type ServerMessage, type Viewer } from '../protocol.ts';
import type { ViewerChannel } from '../service.ts';
import { type ActsDeps, createActs } from './acts.ts';
import type { Desk } from './desk.ts';
import { createFeed } from './feed.ts';
import { maxTypedBytes, parseClientMessage } from './input.ts';
import { createOutlet } from './outlet.ts';
import { createStates } from './states.ts';

/** A viewer that takes no frame for so long is dropped. */
export const stallMs = 30_000;
/** Answers that wait for a slow viewer. */
const maxAnswers = 64;
/** Frames from a viewer in a time; a key that repeats itself makes some thirty a second. */
const maxFrames = 2000;
const framesMs = 10_000;

/** Somebody at a console. */
export interface RunningViewer {
  readonly you: Viewer;
  /** Says why and ends it; may be called twice. */
  end(text: string, final: boolean): void;
}

export interface ViewerDeps extends Omit<ActsDeps, 'now'> {
  readonly desk: Desk;
  readonly channel: ViewerChannel;
  /** Its ticket for coming back. */
  readonly resume: string;
  readonly idleMs: number;
  /** Whether it has something open beside this that counts as being there. */
  readonly isBusy: () => boolean;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called once, at its end. */
  readonly gone: () => void;
}

/** Talks to one viewer over its channel until either side ends it. */
export function startViewer(deps: ViewerDeps): RunningViewer {
  const { desk, channel, you, mayType, mayAct, resume, idleMs, isBusy, clock, log, gone } = deps;
  const { hub, subject } = desk;
  const acts = createActs({ ...deps, now: () => clock.now() });
  const states = createStates(desk, you.id);
  const feed = createFeed(hub.record);
  const answers: ServerMessage[] = [
    {
      type: 'hello',
      version: protocolVersion,
      you,
      machine: desk.view(),
      mayType,
      mayAct,
      resume,
      kept: keptOf(),
    },
  ];
  let giveLine = (): void => {};
  let askedBy: string | undefined;
  let frames = { since: clock.now(), count: 0 };
  let pictures = 0;
  let over = false;

  function keptOf() {
    const { start, end, runStart, broken } = hub.record.kept();
    return {
      start,
      end,
      ...(runStart === undefined ? {} : { runStart }),
      ...(broken === undefined ? {} : { broken }),
    };
  }

  /** Tells the writer who wants the keyboard, once each time. */
  function asking(): ServerMessage | undefined {
    const asked = hub.floor.writer()?.id === you.id ? hub.floor.asked?.() : undefined;
    if (asked === undefined || askedBy === asked.by.id) {
      askedBy = asked?.by.id;
      return undefined;
    }
    askedBy = asked.by.id;
    const seconds = Math.max(0, Math.ceil((asked.until - clock.now()) / 1000));
    return { type: 'write-asked', by: asked.by, seconds };
  }

  async function next(): Promise<string | Uint8Array | undefined> {
    const frame = answers.shift() ?? asking() ?? states.next() ?? (await feed.next());
    return frame === undefined || frame instanceof Uint8Array ? frame : JSON.stringify(frame);
  }

  function leave(): void {
    over = true;
    outlet.stop();
    idle.stop();
    stopDesk();
    stopNews();
    giveLine();
    leaveDesk();
    gone();
  }

  function end(text: string, final: boolean): void {
    if (over) return;
    leave();
    const bye: ServerMessage = { type: 'bye', text, final };
    void channel.send(JSON.stringify(bye));
    channel.close(text);
  }

  /** Pictures are large: beside the one that is being sent, one more may wait. */
  function isPictureUnderWay(): boolean {
    return pictures > 0 || answers.some(({ type }) => type === 'picture');
  }

  async function ask(message: Extract<ClientMessage, { readonly request: number }>): Promise<void> {
    const isPicture = message.type === 'picture';
    if (isPicture && isPictureUnderWay()) {
      const { request } = message;
      return answer({ type: 'done', request, error: 'a picture is under way already; wait for it' });
    }
    if (isPicture) pictures += 1;
    const answered = await acts.request(message);
    if (isPicture) pictures -= 1;
    answer(answered);
  }

  function answer(message: ServerMessage | undefined): void {
    if (message === undefined || over) return;
    if (answers.length >= maxAnswers) return end('this console does not read its answers', false);
    answers.push(message);
    outlet.wake();
  }

  const outlet = createOutlet({
    channel,
    clock,
    stallMs,
    next,
    failed(why) {
      if (why === 'stalled') return end('nothing was read for half a minute', false);
      const { kind, uuid } = subject;
      log.error({ kind, uuid, err: messageOf(why.error) }, 'a console could not be shown');
      end('the record of this console cannot be read; see the log of the server', true);
    },
  });
  const idle = createIdle({
    clock,
    limitMs: idleMs,
    isExcused: () => isBusy() || isRunning(desk),
    over: () => end('nobody used this console for a long time; open it again to go on', true),
  });
  const stopDesk = desk.onChange(() => outlet.wake());
  const stopNews = hub.record.onNews(() => {
    if (feed.isWatching()) outlet.wake();
  });
  const leaveDesk = desk.enter(you);

  function isTooFast(): boolean {
    const now = clock.now();
    if (now - frames.since > framesMs) frames = { since: now, count: 0 };
    frames.count += 1;
    return frames.count > maxFrames;
  }

  function take(frame: string | Uint8Array): void {
    if (over) return;
    if (isTooFast()) return end('too many messages at once', true);
    if (frame instanceof Uint8Array) {
      if (frame.length > maxTypedBytes) return end('too many characters in one message', true);
      idle.touch();
      void acts.type(frame).then(answer);
      return;
    }
    const message = parseClientMessage(frame);
    if (message === undefined) return end('this message is not understood; reload the page', true);
    idle.touch();
    if (message.type === 'watch') {
      feed.watch(message.from);
      giveLine();
      giveLine = desk.wantSerial();
      outlet.wake();
    } else if ('request' in message) {
      void ask(message);
    } else {
      acts.keyboard(message);
    }
  }

  channel.receive({
    frame: take,
    closed() {
      if (!over) leave();
    },
  });
  outlet.wake();
  return { you, end };
}

/** Whether the machine's newest run is open: whoever looks at that is there. */
function isRunning(desk: Desk): boolean {
  const { run } = desk.view();
  return run !== undefined && run.endedAt === undefined;
}
