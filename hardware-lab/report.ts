import type { LabStep, Report } from './technician.ts';

/** Seconds that a stage took, by name, in the order in which they ended. */
export type Stages = Readonly<Record<string, number>>;

/** How one machine fared. */
export interface MachineResult {
  readonly machine: string;
  readonly firmware: string;
  readonly ok: boolean;
  readonly stages: Stages;
  readonly reason?: string;
}

/** The last word of a lab, and its last line with --json. */
export interface LabResult {
  readonly result: 'ok' | 'failed';
  readonly firmware: string;
  readonly machines: number;
  /** Of several machines, the slowest; with both firmwares the names begin with `bios.` or `uefi.`. */
  readonly stages: Stages;
  readonly reason?: string;
}

/** Where the lab talks: lines for people, or one JSON object a line. */
export interface Printer {
  readonly report: Report;
  summary(machines: readonly MachineResult[], result: LabResult): void;
}

/** Rounds to a tenth of a second. */
export function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}

function row(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, index) => cell.padEnd(widths[index] ?? 0))
    .join('  ')
    .trimEnd();
}

/** Renders the closing table: a line a machine, a column a stage. */
export function renderSummary(machines: readonly MachineResult[]): string {
  const names = [...new Set(machines.flatMap(({ stages }) => Object.keys(stages)))];
  const lines = [
    ['machine', 'firmware', ...names, 'result'],
    ...machines.map(({ machine, firmware, stages, ok }) => [
      machine,
      firmware,
      ...names.map((name) => (stages[name] === undefined ? '-' : `${stages[name].toFixed(1)} s`)),
      ok ? 'ok' : 'FAILED',
    ]),
  ];
  const widths =
    lines[0]?.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0))) ?? [];
  return lines.map((line) => row(line, widths)).join('\n');
}

/** Lines with the seconds since the start in front, written as things happen. */
export function createPrinter(json: boolean, write: (line: string) => void): Printer {
  const began = Date.now();
  if (json) {
    return {
      report: (step: LabStep) =>
        write(
          JSON.stringify({ at: new Date().toISOString(), seconds: seconds(Date.now() - began), ...step }),
        ),
      summary: (machines, result) => {
        for (const machine of machines) write(JSON.stringify({ step: 'machine', ...machine }));
        write(JSON.stringify(result));
      },
    };
  }
  return {
    report: ({ machine = 'lab', step, text }) => {
      const time = seconds(Date.now() - began)
        .toFixed(1)
        .padStart(6);
      write(`${time} s  ${machine.padEnd(4)} ${step.padEnd(16)} ${text}`);
    },
    summary: (machines, result) => {
      if (machines.length > 0) write(`\n${renderSummary(machines)}`);
      write(result.result === 'ok' ? '\nok' : `\nFAILED: ${result.reason ?? 'unknown reason'}`);
    },
  };
}
