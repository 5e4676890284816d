/**
 * Calls that failed, once more and in the order of time: whoever asks for failures wants the newest, and in `calls` those
 * of a few minutes lie all over their hour, so that all of it has to be read to show a hundred of them. Rows here propose;
 * whether one counts, `calls` says. One that a later delivery has replaced may stay for as long as the calls do.
 */
import { callFields } from '../record/calls.ts';
import {
  columnsOf,
  type DdlOptions,
  HOUR,
  ONE_PART_DAYS,
  PART_RETENTION,
  SPARE_PARTS,
  type TableRetention,
} from './ddl.ts';
import { createFed } from './feed.ts';
import type { Step } from './steps.ts';

export const FAILED_CALLS = 'failed_calls';

/** A field that is added to the record has to be added here, and to the feed, by the same migration. */
export function createFailedCalls(options: DdlOptions): Step[] {
  return createFed(options, {
    table: FAILED_CALLS,
    spec: {
      columns: [...columnsOf(callFields), HOUR],
      version: 'version',
      layout: 'PARTITION BY intDiv(hour, 24)\nORDER BY (project, hour, started_at, trace_id, span_id)',
      // A page is read from a few granules.
      settings: [PART_RETENTION, SPARE_PARTS, ONE_PART_DAYS, 'index_granularity = 1024'].join(', '),
    },
    select: Object.keys(callFields).join(', '),
    where: "(status = 'error' OR error_type != '')",
  });
}

export function failedCallsRetention(calls_days: number): TableRetention {
  return { table: FAILED_CALLS, time: 'toDateTime(started_at)', days: calls_days };
}
