import { stat } from 'node:fs/promises';
import { ConsoleError } from './errors.ts';
import type { ConsoleSubject, Machines } from './ports.ts';
import { readAll } from './record/read-all.ts';
import { tailText } from './record/tail.ts';
import type { SerialRecord } from './serial/types.ts';
import type { ConsoleService } from './service.ts';
import type { Desks } from './viewer/desks.ts';

/** What machines printed, for those who read it without looking on. */
export function createPrinted(deps: {
  readonly machines: Pick<Machines, 'subject'>;
  readonly desks: Desks;
  readonly directoryOf: (kind: ConsoleSubject['kind'], uuid: string) => string;
  /** Rejects with ConsoleError `not-found`. */
  readonly subjectOf: (kind: ConsoleSubject['kind'], uuid: string) => Promise<ConsoleSubject>;
}): Pick<ConsoleService, 'log' | 'tail'> {
  const { machines, desks, directoryOf, subjectOf } = deps;

  /** The record of a machine that has one, for as long as `work` takes; undefined when it has none. */
  async function withRecord<T>(
    kind: ConsoleSubject['kind'],
    uuid: string,
    work: (record: SerialRecord) => Promise<T>,
  ): Promise<T | undefined> {
    const known = await machines.subject(kind, uuid);
    const isThere = known !== undefined && (await stat(directoryOf(kind, known.uuid)).catch(() => undefined));
    if (!isThere) return undefined;
    const lease = await desks.use(known);
    try {
      const { record } = lease.desk.hub;
      return record.kept().end === 0 ? undefined : await work(record);
    } finally {
      lease.release();
    }
  }

  /** Opened when the first piece is wanted, and closed when the last one was, or nobody wants any more. */
  async function* piecesOf(subject: ConsoleSubject, from: number | undefined) {
    const lease = await desks.use(subject);
    try {
      yield* readAll(lease.desk.hub.record, from);
    } finally {
      lease.release();
    }
  }

  return {
    async log(kind, uuid, from) {
      const subject = await subjectOf(kind, uuid);
      const isThere = await withRecord(kind, subject.uuid, async () => true);
      if (isThere === undefined) {
        throw new ConsoleError('unavailable', 'nothing of this serial console is recorded yet');
      }
      return piecesOf(subject, from);
    },
    async tail(kind, uuid, maxLines) {
      const desk = desks.opened(kind, uuid);
      const tailOf = (record: SerialRecord): Promise<string> => {
        const { start, end, runStart } = record.kept();
        const sinceRun = { start: Math.max(start, runStart ?? start), end, runStart };
        return tailText({ kept: () => sinceRun, read: (...given) => record.read(...given) }, maxLines);
      };
      const text = await (desk === undefined ? withRecord(kind, uuid, tailOf) : tailOf(desk.hub.record));
      // Silence is something that was heard, by who listened.
      return text === '' && desk?.serial().state !== 'open' ? undefined : text;
    },
  };
}
