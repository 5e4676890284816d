/** The grammar of `from` and `to`: ISO 8601, epoch milliseconds, or relative to now. All UTC, all pure. */

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
type Unit = keyof typeof UNIT_MS;

export const DEFAULT_WINDOW_MS = UNIT_MS.d;
/** 1970-01-05 was a Monday: weeks begin there. */
const FIRST_MONDAY_MS = 4 * UNIT_MS.d;
/** The calls' time column reaches further; nobody's calls do. */
const LATEST_MS = Date.UTC(2200, 0, 1);
const LARGEST_ZONE_MINUTES = 18 * 60;
/** A number below is seconds that were taken for milliseconds: as milliseconds it is before 1974. */
const EARLIEST_EPOCH_MS = 100_000_000_000;

/** What `from` and `to` accept, for messages and descriptions. */
export const TIME_FORMS = [
  'ISO 8601 such as 2026-01-31, 2026-01-31T12:00:00Z or 2026-01-31T14:00:00+02:00 (UTC without a zone)',
  'milliseconds since 1970',
  'now, now-1h, now-7d, now+1h (units s m h d w), rounded down by /unit as in now-1d/d',
];

/** The text is not a time; the message says why. */
export class TimeError extends Error {
  override name = 'TimeError';
}

// In a query string a plus that is not percent-encoded arrives as a space.
const RELATIVE = /^now((?:[-+ ]\d{1,9}[smhdw]|\/[smhdw])*)$/;
const STEP = /([-+ ])(\d+)([smhdw])|\/([smhdw])/g;
const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[-+ ]\d\d(?::?\d\d)?)?)?$/i;

function floorTo(unit: Unit, ms: number): number {
  const origin = unit === 'w' ? FIRST_MONDAY_MS : 0;
  return Math.floor((ms - origin) / UNIT_MS[unit]) * UNIT_MS[unit] + origin;
}

function parseRelative(steps: string, now_ms: number): number {
  let ms = now_ms;
  for (const [, sign, amount, unit, rounding] of steps.matchAll(STEP)) {
    if (rounding) ms = floorTo(rounding as Unit, ms);
    else ms += (sign === '-' ? -1 : 1) * Number(amount) * UNIT_MS[unit as Unit];
  }
  return ms;
}

/** Minutes east of Greenwich. */
function zoneMinutes(zone: string | undefined): number {
  if (zone === undefined || zone.toUpperCase() === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(':', '') || 0);
  if (minutes > LARGEST_ZONE_MINUTES) throw new TimeError('there is no such time zone');
  return zone.startsWith('-') ? -minutes : minutes;
}

function parseIso(match: RegExpExecArray): number {
  const [, year, month, day, hour = 0, minute = 0, second = 0, fraction = '', zone] = match;
  const date_ms = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const date = new Date(date_ms);
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) {
    throw new TimeError('there is no such date');
  }
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) {
    throw new TimeError('there is no such time of day');
  }
  const milliseconds = Number(fraction.padEnd(3, '0').slice(0, 3));
  return (
    date_ms +
    Number(hour) * UNIT_MS.h +
    (Number(minute) - zoneMinutes(zone)) * UNIT_MS.m +
    Number(second) * UNIT_MS.s +
    milliseconds
  );
}

function parseAny(text: string, now_ms: number): number {
  const relative = RELATIVE.exec(text);
  if (relative) return parseRelative(relative[1]!, now_ms);
  const iso = ISO.exec(text);
  if (iso) return parseIso(iso);
  if (/^\d{1,16}$/.test(text)) {
    const ms = Number(text);
    if (ms < EARLIEST_EPOCH_MS) throw new TimeError('it looks like seconds; times are in milliseconds');
    return ms;
  }
  throw new TimeError('it is not a time');
}

/** Milliseconds since 1970, a whole number. Throws TimeError. */
export function parseTime(text: string, now_ms: number): number {
  const ms = parseAny(text.trim(), now_ms);
  if (ms < 0 || ms >= LATEST_MS) throw new TimeError('it is not between the years 1970 and 2200');
  return ms;
}
