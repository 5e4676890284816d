import type { ColumnWriter } from './column-types.ts';

export type AppendRow = (writers: readonly ColumnWriter<never>[], row: object) => void;

/**
 * A function that hands each field of a row to the writer of its column, in the order of `names`.
 *
 * It is compiled, one statement for each field, because a loop over fifty columns is the same place in the code for
 * all of them: V8 would look up every field by its name and every writer's method anew, row by row.
 */
export function compileAppendRow(names: readonly string[]): AppendRow {
  const statements = names.map((name, index) => `writers[${index}].append(row[${JSON.stringify(name)}]);`);
  return new Function('writers', 'row', statements.join('\n')) as AppendRow;
}
