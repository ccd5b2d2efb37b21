import type { Mark } from '../serial/types.ts';

/** Marks of a record in the order in which they were made, each with a number that a reader remembers. */
export interface MarkBook {
  readonly add: (mark: Mark) => void;
  /** Marks of the stretch (both ends belong to it) with numbers above `after`, and the number of the last of them. */
  readonly between: (
    from: number,
    to: number,
    after: number,
  ) => { readonly marks: readonly Mark[]; readonly seen: number };
  readonly forgetBefore: (offset: number) => void;
  /** Where the newest run began; undefined when that is not kept. */
  readonly runStart: () => number | undefined;
  readonly size: () => number;
}

/** A line that comes and goes all day must not fill the memory: the oldest marks are forgotten. */
const maxMarks = 2048;

export function createMarkBook(): MarkBook {
  let first = 1;
  let marks: Mark[] = [];
  let runStart: number | undefined;

  function forget(count: number): void {
    marks = marks.slice(count);
    first += count;
  }

  return {
    add(mark) {
      marks.push(mark);
      if (mark.kind === 'run-begin') runStart = mark.offset;
      // In one go now and then: each time would copy the list for every mark.
      if (marks.length > maxMarks * 1.25) forget(marks.length - maxMarks);
    },
    between(from, to, after) {
      let seen = after;
      const found: Mark[] = [];
      for (let index = Math.max(0, after + 1 - first); index < marks.length; index++) {
        const mark = marks[index];
        if (mark === undefined || mark.offset > to) break;
        seen = first + index;
        if (mark.offset >= from) found.push(mark);
      }
      return { marks: found, seen };
    },
    forgetBefore(offset) {
      const kept = marks.findIndex((mark) => mark.offset >= offset);
      forget(kept < 0 ? marks.length : kept);
      if (runStart !== undefined && runStart < offset) runStart = undefined;
    },
    runStart: () => runStart,
    size: () => marks.length,
  };
}
