import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { ConsoleSubject, Machines } from '../ports.ts';
import type { MachineView, RunView, SerialState, TimelineLine, Viewer } from '../protocol.ts';
import type { SerialHub } from '../serial/types.ts';

/** One machine as all its viewers see it: what others know of it is asked once and shown to everybody. */
export interface Desk {
  readonly subject: ConsoleSubject;
  readonly hub: SerialHub;
  view(): MachineView;
  /** Lines of the newest run; undefined until somebody is there and they were read. */
  timeline(): { readonly runUuid: string; readonly lines: readonly TimelineLine[] } | undefined;
  hasScreen(): boolean;
  serial(): SerialState;
  /** The same list until somebody comes or goes. */
  viewers(): readonly Viewer[];
  /** Adds a viewer; the answer takes it away again, and the keyboard from it. */
  enter(viewer: Viewer): () => void;
  /** Wants the serial line open until the answer is called. */
  wantSerial(): () => void;
  /** Asks the machine's side again; resolves when that is done, also when it failed. */
  refresh(): Promise<void>;
  /** Calls back after any of this changed; the answer stops it. */
  onChange(listener: () => void): () => void;
  /** Lets the line go and stops listening; hub and record stay. */
  close(): void;
}

/** What a record's marks say of a run. */
const runText = ({ kind, uuid }: RunView): string => `${kind} ${uuid}`;

/** Whether the record has the begin of this run already, from before a restart of the server. */
async function hasBegin({ record }: SerialHub, run: RunView): Promise<boolean> {
  const { runStart } = record.kept();
  if (runStart === undefined) return false;
  const { marks } = await record.read(runStart, 0, 1);
  return marks.some(({ kind, text }) => kind === 'run-begin' && text === runText(run));
}

/** Opens a desk: asks for everything once. Rejects with ConsoleError when the machine cannot be asked. */
export async function openDesk(deps: {
  readonly subject: ConsoleSubject;
  readonly hub: SerialHub;
  readonly machines: Machines;
  readonly log: Logger;
}): Promise<Desk> {
  const { subject, hub, machines, log } = deps;
  const present = new Map<string, Viewer>();
  let viewers: readonly Viewer[] = [];
  const listeners = new Set<() => void>();
  let wanted = 0;
  let release: (() => void) | undefined;
  let markedRun: string | undefined;
  let asking: Promise<void> | undefined;
  let again = false;
  let closed = false;

  const ask = async () => {
    const [view, line, screen] = await Promise.all([
      machines.view(subject),
      machines.hasSerial(subject),
      machines.hasScreen(subject),
    ]);
    // Each step of each run would have it read whole, for nobody.
    const isSeen = present.size > 0 && view.run !== undefined;
    const lines = isSeen ? await machines.timeline(view.run.uuid) : undefined;
    return { view, line, screen, lines };
  };
  let known = await ask();

  const tell = (): void => {
    for (const listener of listeners) listener();
  };

  function settleLine(): void {
    if (wanted > 0 && known.line.yes && !closed) {
      release ??= hub.hold();
    } else {
      release?.();
      release = undefined;
    }
  }

  async function markRun(): Promise<void> {
    const { run } = known.view;
    if (run === undefined) return;
    if (run.endedAt === undefined && markedRun !== run.uuid) {
      markedRun = run.uuid;
      if (!(await hasBegin(hub, run))) hub.record.mark('run-begin', runText(run));
    } else if (run.endedAt !== undefined && markedRun !== undefined) {
      markedRun = undefined;
      hub.record.mark('run-end', run.cause === undefined ? runText(run) : `${runText(run)}: ${run.cause}`);
    }
  }

  const isClosed = (): boolean => closed;

  async function refreshOnce(): Promise<void> {
    try {
      known = await ask();
      if (closed) return;
      await markRun();
      settleLine();
      tell();
    } catch (error) {
      const { kind, uuid } = subject;
      log.warn({ kind, uuid, err: messageOf(error) }, 'a console could not read its machine');
    }
  }

  function refresh(): Promise<void> {
    again = true;
    asking ??= (async () => {
      while (again && !isClosed()) {
        again = false;
        await refreshOnce();
      }
      asking = undefined;
    })();
    return asking;
  }

  const stopHub = hub.onChange(tell);
  await markRun();

  return {
    subject,
    hub,
    view: () => known.view,
    timeline() {
      const { lines, view } = known;
      return lines && view.run && { runUuid: view.run.uuid, lines };
    },
    hasScreen: () => known.screen,
    serial: () => (known.line.yes ? hub.state() : { state: 'none', text: known.line.text }),
    viewers: () => viewers,
    enter(viewer) {
      present.set(viewer.id, viewer);
      viewers = [...present.values()];
      tell();
      if (known.lines === undefined) void refresh();
      return () => {
        if (!present.delete(viewer.id)) return;
        viewers = [...present.values()];
        hub.floor.leave(viewer.id);
        tell();
      };
    },
    wantSerial() {
      wanted += 1;
      settleLine();
      // A line that is waited for is tried at once for whoever comes.
      if (wanted > 1 && release !== undefined) hub.hold()();
      let given = false;
      return () => {
        if (given) return;
        given = true;
        wanted -= 1;
        settleLine();
      };
    },
    refresh,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      closed = true;
      settleLine();
      stopHub();
    },
  };
}
