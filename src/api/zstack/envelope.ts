/** Names of inventory members that hold a time; the value is ms since the epoch. */
const dateName = /(?:^d|D)ate$|^heartBeat$/;
/** Names of members that hold a secret. */
const secretName = /^(?:ipmiP|p)assword$/;

export const hiddenSecret = '******';

/** Turns ms since the epoch into text. */
export type FormatDate = (time: number) => string;

const firstWholeMinute = Date.UTC(1973, 0) / 60_000;
const keptMinutes = 10_000;

/** Formatter for `Nov 14, 2017 10:20:57 PM` in an IANA zone (Gson's US form of a timestamp). */
export function createDateFormat(timeZone: string): FormatDate {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h12',
  });
  const write = (time: number): string => {
    const part: Record<string, string> = {};
    for (const { type, value } of format.formatToParts(time)) part[type] = value;
    // Composed by hand: newer ICU data puts a narrow no-break space before AM and PM, which clients cannot parse.
    return `${part['month']} ${part['day']}, ${part['year']} ${part['hour']}:${part['minute']}:${part['second']} ${part['dayPeriod']}`;
  };
  // Intl takes some ten microseconds a date, and a page has two hundred of them: a minute's text is kept without its seconds.
  const minutes = new Map<number, readonly [before: string, after: string]>();
  return (time) => {
    const minute = Math.floor(time / 60_000);
    // Zones had offsets of odd seconds until 1972.
    if (minute < firstWholeMinute) return write(time);
    let known = minutes.get(minute);
    if (known === undefined) {
      const [before = '', after = ''] = write(minute * 60_000).split(':00 ');
      known = [before, after];
      if (minutes.size >= keptMinutes) minutes.clear();
      minutes.set(minute, known);
    }
    const seconds = Math.floor(time / 1000) - minute * 60;
    return `${known[0]}:${seconds < 10 ? '0' : ''}${seconds} ${known[1]}`;
  };
}

/** How inventories are written. */
export interface EnvelopeStyle {
  readonly formatDate: FormatDate;
  readonly revealSecrets: boolean;
}

/** An inventory as clients get it: dates formatted, absent members left out, secrets hidden, lists and objects inside likewise. */
export function renderInventory(row: unknown, style: EnvelopeStyle): unknown {
  if (Array.isArray(row)) return row.map((item) => renderInventory(item, style));
  if (typeof row !== 'object' || row === null) return row;
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) {
    if (value === null || value === undefined) continue;
    if (typeof value === 'number' && dateName.test(name)) {
      out[name] = Number.isFinite(value) ? style.formatDate(value) : undefined;
    } else if (typeof value === 'string' && secretName.test(name) && !style.revealSecrets) {
      out[name] = hiddenSecret;
    } else {
      out[name] = renderInventory(value, style);
    }
  }
  return out;
}
