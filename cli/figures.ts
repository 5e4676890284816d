/** Figures as a person reads them. Missing ones are null, which a table shows as a dash. */

const DIGITS = 3;

/** A value in its unit, without the unit's name. */
export function figure(value: number | null, unit: string): string | null {
  if (value === null) return null;
  if (unit === 'ratio') return `${Number((value * 100).toPrecision(DIGITS))}%`;
  if (Math.abs(value) >= 1000) return String(Math.round(value));
  return String(Number(value.toPrecision(DIGITS)));
}

/** Both ends, an unknown one as an ellipsis. */
export function range(ends: readonly (number | null)[] | null, unit: string): string {
  if (ends === null || ends.every((end) => end === null)) return '';
  return `[${ends.map((end) => figure(end, unit) ?? '…').join(', ')}]`;
}

export function joined(...texts: (string | null)[]): string | null {
  const known = texts.filter((text) => text !== null && text !== '');
  return known.length === 0 ? null : known.join(' ');
}
