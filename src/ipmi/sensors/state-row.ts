/** How bad a state is. */
export type Severity = 'ok' | 'warning' | 'critical' | 'non-recoverable' | 'absent';

/** One state of a discrete sensor while it is asserted: what it says and how bad that is. */
export interface StateRow {
  readonly text: string;
  readonly severity: Severity;
}

const row =
  (severity: Severity) =>
  (text: string): StateRow => ({ text, severity });

export const ok = row('ok');
export const warn = row('warning');
export const crit = row('critical');
export const fatal = row('non-recoverable');
export const absent = row('absent');
