/** One line of a benchmark's result; ratio above 1 where we are better. */
export interface BenchRow {
  readonly work: string;
  readonly peer: string;
  readonly ours: number;
  readonly theirs: number;
  readonly ratio: number;
  readonly unit: string;
  readonly goal: string;
  /** Alternating runs whose medians these are. */
  readonly runs: number;
}

/** The middle value; the mean of the two middle ones of an even number. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const high = sorted[Math.floor(half)] ?? Number.NaN;
  return Number.isInteger(half) ? ((sorted[half - 1] ?? Number.NaN) + high) / 2 : high;
}

/** Prints one row as a line of JSON, figures to four significant digits. */
export function printRow(row: Omit<BenchRow, 'ratio'>, better: 'higher' | 'lower'): void {
  const short = (value: number): number => Number(value.toPrecision(4));
  const ratio = better === 'higher' ? row.ours / row.theirs : row.theirs / row.ours;
  const { work, peer, ours, theirs, unit, goal, runs } = row;
  const line: BenchRow = {
    work,
    peer,
    ours: short(ours),
    theirs: short(theirs),
    ratio: short(ratio),
    unit,
    goal,
    runs,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Says on stderr what is going on. */
export function say(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}
