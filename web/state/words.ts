import type { MachineView, TimelineLine } from '../../src/console/protocol.ts';
import type { Session } from './session.ts';

const two = (value: number): string => String(value).padStart(2, '0');

/** Time of day in the browser's time zone, `14:02:09`. */
export function timeOfDay(at: number): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Day and time, `2026-11-21 14:02:09`. */
export function fullTime(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${timeOfDay(at)}`;
}

/** A span of ms as a clock, `0:05`, `12:31`, `1:02:03`. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** Bytes for people, `812 bytes`, `1.4 MB`. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 'bytes';
  while (value >= 999.5 && units.length > 0) {
    value /= 1000;
    unit = units.shift() ?? unit;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** How a line of the timeline shall look. */
export function tone(line: Pick<TimelineLine, 'step'>): 'bad' | 'good' | 'plain' {
  if (/(?:^|-)(?:failed|error|cause)$/.test(line.step)) return 'bad';
  return /(?:^|-)(?:end|done|finished|complete)$/.test(line.step) ? 'good' : 'plain';
}

/** A text of several lines is a headline with an extract below it: a console's tail, say. */
export function splitText(text: string): { readonly head: string; readonly extract: string | undefined } {
  const [head = '', ...rest] = text.split(/\r?\n/);
  const extract = rest.join('\n').replace(/\n+$/, '');
  return { head, extract: extract === '' ? undefined : extract };
}

/** What a run is doing, one line. */
export function runText(run: MachineView['run'], now: number): string {
  if (run === undefined) return 'No run yet.';
  const what = run.kind === 'inspect' ? 'Inspection' : 'Installation';
  const long = span((run.endedAt ?? now) - run.startedAt);
  if (run.cause !== undefined) return `${what} failed after ${long}`;
  return run.endedAt === undefined ? `${what} runs for ${long}: ${run.stage}` : `${what} took ${long}`;
}

export function hitsText(count: number): string {
  if (count === 0) return 'No line of the record has it.';
  return count === 1 ? '1 line has it.' : `${count} lines have it, newest first.`;
}

/** What the banner says of a connection that was there and is not now, and what follows; undefined when it has nothing to say. */
export function bannerOf({
  phase,
  greeted,
  failures,
  text,
}: Pick<Session, 'phase' | 'greeted' | 'failures' | 'text'>):
  | { readonly kind: 'lost' | 'ended'; readonly what: string; readonly next: string }
  | undefined {
  if (phase === 'over')
    return greeted ? { kind: 'ended', what: 'This console is closed.', next: text ?? '' } : undefined;
  if (phase !== 'waiting' && (phase !== 'connecting' || failures === 0)) return undefined;
  // A server that goes says so first; a network does not.
  const what =
    text === undefined
      ? 'The connection was lost.'
      : `The server closed the connection: ${text.replace(/\.$/, '')}.`;
  const next =
    phase === 'connecting' ? 'Connecting again…' : 'The page tries again by itself; nothing gets lost.';
  return { kind: 'lost', what, next };
}
