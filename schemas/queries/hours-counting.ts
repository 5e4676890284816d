/**
 * The first of the two statements of a lookup: what counting.ts says of a window, of a few hours alone, and without
 * their rollups, which no lookup reads.
 */
import { BoundValues } from './bound-values.ts';
import {
  type Counting,
  type CountingScope,
  ERASURES_APPLY_MS,
  type ErasedUser,
  type RepeatMode,
} from './counting.ts';
import { CLOCK_GRAIN_MS } from './settling/times.ts';
import type { Statement } from './statement.ts';

interface HoursRow {
  as_of_ms: number | string;
  examined_ms: number | string;
  newest: [number, number | string, number | string][];
  repeats: number | string;
  erased_users: [string, string][];
  erased_calls: number | string;
}

/** Like `countingStatement`; `hours` are hours since 1970, and the two beside each are looked at as well. */
export function hoursCountingStatement(
  { database: db, project, now_ms }: CountingScope,
  hours: readonly number[],
  repeats?: RepeatMode,
): Statement & { read(rows: readonly unknown[]): Counting } {
  const values = new BoundValues();
  const own = `project = ${values.bind('String', project)}`;
  const near = [...new Set(hours.flatMap((hour) => [hour - 1, hour, hour + 1]))];
  const range = `${own} AND hour IN (${near.map((hour) => Math.trunc(hour)).join(', ')})`;
  const sql = `SELECT toUnixTimestamp64Milli(now64(3)) AS as_of_ms,
  (SELECT toUnixTimestamp64Milli(max(upto)) FROM ${db}.examined) AS examined_ms,
  (SELECT groupArray((hour, newest, number)) FROM (
    SELECT hour, toUnixTimestamp64Milli(max(inserted_at)) AS newest, count() AS number
    FROM ${db}.calls WHERE ${range} GROUP BY project, hour ORDER BY hour)) AS newest,
  (SELECT count() FROM ${db}.repeats WHERE ${range}) AS repeats,
  (SELECT groupArray((user_id, toString(erased_at))) FROM ${db}.erasures FINAL
    WHERE ${own} AND erased_at > ${Math.trunc(now_ms - ERASURES_APPLY_MS)} * 1000) AS erased_users,
  (SELECT count() FROM ${db}.erased_calls WHERE ${range}) AS erased_calls`;
  const read = (rows: readonly unknown[]): Counting => {
    const row = rows[0] as HoursRow;
    const examined_ms = Number(row.examined_ms) - CLOCK_GRAIN_MS;
    const states = row.newest.map(([hour, newest_ms, rows]) => ({
      hour,
      newest_ms: Number(newest_ms),
      rows: Number(rows),
      version: '0',
      watermark_ms: 0,
    }));
    return {
      as_of_ms: Number(row.as_of_ms),
      examined_ms,
      hours: states,
      repeats: repeats ?? (states.every(({ newest_ms }) => newest_ms <= examined_ms) ? 'stored' : 'searched'),
      has_stored_repeats: Number(row.repeats) > 0,
      erased_users: row.erased_users.map(([user_id, erased_at]): ErasedUser => ({ user_id, erased_at })),
      has_erased_calls: Number(row.erased_calls) > 0,
    };
  };
  return { sql, params: values.params, read };
}
