import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { createTurns } from '../../base/turns.ts';
import type { Uuid } from '../../base/uuid.ts';
import type { ConsoleSubject, Machines } from '../ports.ts';
import type { Desks } from './desks.ts';

/** Keeps the serial console of every chassis open while a run of it is, so that it is recorded without a viewer. */
export interface Recorder {
  /** Something about a machine changed. */
  changed(kind: ConsoleSubject['kind'], uuid: Uuid): void;
  /** Lets a machine go, whatever its run does. */
  drop(kind: ConsoleSubject['kind'], uuid: string): void;
  close(): void;
}

export function createRecorder(deps: {
  readonly machines: Machines;
  readonly desks: Desks;
  /** False records only while somebody watches. */
  readonly recordRuns: boolean;
  /** The machine is no more. */
  readonly forget: (kind: ConsoleSubject['kind'], uuid: Uuid) => Promise<void>;
  readonly log: Logger;
}): Recorder {
  const { machines, desks, recordRuns, forget, log } = deps;
  const held = new Map<string, () => void>();
  const waiting = new Set<string>();
  const inTurn = createTurns();
  let closed = false;

  function letGo(uuid: string): void {
    held.get(uuid)?.();
    held.delete(uuid);
  }

  async function look(kind: ConsoleSubject['kind'], uuid: Uuid): Promise<void> {
    const desk = desks.opened(kind, uuid);
    // VMs have no runs: without a viewer nobody wants to know.
    if (kind === 'vm' && desk === undefined) return;
    const subject = await machines.subject(kind, uuid);
    if (subject === undefined) {
      letGo(uuid);
      return forget(kind, uuid);
    }
    if (desk !== undefined) await desk.refresh();
    if (kind === 'vm' || !recordRuns) return;
    const { run } = desk === undefined ? await machines.view(subject) : desk.view();
    const isOpen = run !== undefined && run.endedAt === undefined;
    if (!isOpen) return letGo(uuid);
    if (held.has(uuid) || closed) return;
    const lease = await desks.use(subject);
    const giveLine = lease.desk.wantSerial();
    held.set(uuid, () => {
      giveLine();
      lease.release();
    });
    // It may have ended while the desk was opened.
    await lease.desk.refresh();
    if (lease.desk.view().run?.endedAt !== undefined) letGo(uuid);
  }

  return {
    changed(kind, uuid) {
      const key = `${kind}/${uuid}` as Uuid;
      // One look that has not begun sees all that changed before it.
      if (closed || waiting.has(key)) return;
      waiting.add(key);
      void inTurn(key, async () => {
        waiting.delete(key);
        if (!closed) await look(kind, uuid);
      }).catch((error: unknown) => {
        log.warn({ kind, uuid, err: messageOf(error) }, 'a console could not follow its machine');
      });
    },
    drop: (kind, uuid) => {
      if (kind === 'chassis') letGo(uuid);
    },
    close() {
      closed = true;
      for (const uuid of held.keys()) letGo(uuid);
    },
  };
}
