const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function isUnit(text: string | undefined): text is keyof typeof unitMs {
  return text !== undefined && Object.hasOwn(unitMs, text);
}

/**
 * A point in time as people give it, in ms since the epoch: `90m`, `2h` or `7d` before `nowMs`, or `2026-01-31`,
 * `2026-01-31 14:00[:05]` in UTC or with a zone at its end (ISO 8601). Undefined for anything else.
 */
export function parseSince(text: string, nowMs: number): number | undefined {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined && isUnit(unit)) return nowMs - Number(count) * unitMs[unit];
  const [, day, time = '00:00', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?)(?:\.\d+)? ?(Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? [];
  if (day === undefined) return undefined;
  // Date.parse takes the 31st of February for a day in March.
  const midnight = new Date(`${day}T00:00Z`);
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== day) return undefined;
  const at = Date.parse(`${day}T${time}${zone}`);
  return Number.isNaN(at) ? undefined : at;
}
