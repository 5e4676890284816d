/** The forms an answer can take. JSON carries the whole answer; the others its rows, the rest in headers. */

export const FORMATS = ['json', 'csv', 'jsonl', 'parquet', 'arrow'] as const;
export type Format = (typeof FORMATS)[number];

export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  json: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  jsonl: 'application/x-ndjson; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
  arrow: 'application/vnd.apache.arrow.file',
};

/** Formats that the database writes, by its names for them. */
export const ENGINE_FORMATS = { parquet: 'Parquet', arrow: 'Arrow' } as const;

export type Row = Readonly<Record<string, string | number | null>>;

function csvField(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '';
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** RFC 4180 with a header line; null is an empty field. */
export function toCsv(columns: readonly string[], rows: readonly Row[]): string {
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column] ?? null))];
  return lines.map((line) => `${line.map(csvField).join(',')}\r\n`).join('');
}

/** One JSON object a line. */
export function toJsonLines(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}
