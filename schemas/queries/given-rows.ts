/** Rows that were worked out here as a SELECT, so that the database writes them in its formats. */
import { BoundValues } from './bound-values.ts';
import type { Statement } from './statement.ts';

export interface GivenColumn {
  name: string;
  /** What it is in the answer: text, a number, either of them null where it is not there, or a count. */
  type: 'String' | 'Nullable(String)' | 'Nullable(Float64)' | 'UInt64';
}

type Given = Readonly<Record<string, string | number | null>>;

const READ: Record<GivenColumn['type'], (text: string) => string> = {
  String: (text) => text,
  'Nullable(String)': (text) => `nullIf(${text}, '')`,
  'Nullable(Float64)': (text) => `toFloat64OrNull(${text})`,
  UInt64: (text) => `toUInt64(${text})`,
};

/** Names of the columns are ours, never a sender's. */
export function givenRowsStatement(columns: readonly GivenColumn[], rows: readonly Given[]): Statement {
  const values = new BoundValues();
  const lists = columns.map(({ name }) =>
    values.bind(
      'Array(String)',
      rows.map((row) => String(row[name] ?? '')),
    ),
  );
  const shown = columns.map(({ name, type }, index) => `${READ[type](`r.${index + 1}`)} AS ${name}`);
  const sql = `SELECT ${shown.join(', ')} FROM (SELECT arrayJoin(arrayZip(${lists.join(', ')})) AS r)`;
  return { sql, params: values.params };
}
