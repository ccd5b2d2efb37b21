/** Names of inventory members that hold a time; the value is ms since the epoch. */
const dateName = /(?:^d|D)ate$|^heartBeat$/;
/** Names of members that hold a secret. */
const secretName = /^(?:ipmiP|p)assword$/;

export const hiddenSecret = '******';

/** Turns ms since the epoch into text. */
export type FormatDate = (time: number) => string;

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
  return (time) => {
    const part: Record<string, string> = {};
    for (const { type, value } of format.formatToParts(time)) part[type] = value;
    // Composed by hand: newer ICU data puts a narrow no-break space before AM and PM, which clients cannot parse.
    return `${part['month']} ${part['day']}, ${part['year']} ${part['hour']}:${part['minute']}:${part['second']} ${part['dayPeriod']}`;
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
