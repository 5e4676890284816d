import type { QueryParams } from '../seams.ts';

/** A SELECT and the values bound to it. */
export interface Statement {
  sql: string;
  params: QueryParams;
}
