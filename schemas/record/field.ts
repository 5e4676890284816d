/** How a field of a record is declared: once, for the type, the DDL, the encoder and the API alike. */
import type { ColumnType } from '../native/column-types.ts';

export interface Field<T> {
  type: ColumnType<T>;
  /** What the field means, in a phrase; shown in the API's description. */
  meaning: string;
  /** ClickHouse codec; the server's default where absent. */
  codec?: string;
}

export type Fields = Record<string, Field<never>>;

/** The row that a set of fields describes. */
export type RowOf<F> = { -readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/** A table that blocks are written to. Columns that the database fills stand in the table's DDL instead. */
export interface RecordTable<F> {
  name: 'calls' | 'payloads' | 'scores';
  fields: F;
  /** The field that says when the row's subject began: names the time range of a block. */
  time: keyof F & string;
}

export function field<T>(type: ColumnType<T>, meaning: string, codec?: string): Field<T> {
  return codec === undefined ? { type, meaning } : { type, meaning, codec };
}
