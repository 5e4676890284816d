/** A provider's export as costs and tokens by day and model. Pure. */
import { parse } from 'csv-parse/sync';

export interface InvoiceLine {
  /** YYYY-MM-DD, UTC. */
  day: string;
  /** Name by which lines and calls meet, see `modelKey`. */
  model: string;
  /** Null where the export names none. */
  cost_usd: number | null;
  input_tokens: number | null;
  output_tokens: number | null;
}

export type InvoiceFormat =
  | 'openai-costs'
  | 'openai-usage'
  | 'anthropic-costs'
  | 'anthropic-usage'
  | 'generic';

type Row = Record<string, string>;

interface Mapping {
  format: InvoiceFormat;
  /** Columns that tell this export from others. */
  needs: readonly string[];
  day: string;
  model: string;
  cost?: string;
  /** Columns that are added up. */
  input?: readonly string[];
  output?: readonly string[];
}

/** The documented columns of each export (docs/costs.md), the more telling first. */
const MAPPINGS: readonly Mapping[] = [
  {
    format: 'openai-costs',
    needs: ['amount_value', 'line_item'],
    day: 'start_time_iso',
    model: 'line_item',
    cost: 'amount_value',
  },
  {
    format: 'openai-usage',
    needs: ['num_model_requests', 'input_tokens', 'output_tokens'],
    day: 'start_time_iso',
    model: 'model',
    input: ['input_tokens'],
    output: ['output_tokens'],
  },
  {
    format: 'anthropic-usage',
    needs: ['usage_input_tokens_no_cache', 'usage_output_tokens'],
    day: 'usage_date_utc',
    model: 'model_version',
    input: [
      'usage_input_tokens_no_cache',
      'usage_input_tokens_cache_read',
      'usage_input_tokens_cache_write_5m',
      'usage_input_tokens_cache_write_1h',
    ],
    output: ['usage_output_tokens'],
  },
  {
    format: 'anthropic-costs',
    needs: ['usage_date_utc', 'cost_usd'],
    day: 'usage_date_utc',
    model: 'model',
    cost: 'cost_usd',
  },
  {
    format: 'generic',
    needs: ['date', 'model'],
    day: 'date',
    model: 'model',
    cost: 'cost_usd',
    input: ['input_tokens'],
    output: ['output_tokens'],
  },
];

export const INVOICE_FORMATS = MAPPINGS.map(({ format }) => format);

/** The file is not an export that is known; the message says what is missing. */
export class InvoiceError extends Error {
  override name = 'InvoiceError';
}

/**
 * One name for `Claude Haiku 4.5`, `claude-haiku-4-5-20251001` and `gpt-4o-2024-08-06, input`: lower case, no date, no
 * price item.
 */
export function modelKey(name: string): string {
  return name
    .split(',', 1)[0]!
    .trim()
    .toLowerCase()
    .replace(/[\s.]+/g, '-')
    .replace(/-(\d{8}|\d{4}-\d{2}-\d{2})$/, '');
}

function numberOf(row: Row, column: string, line: number): number | null {
  const text = row[column]?.trim().replace(/^\$/, '').replaceAll(',', '') ?? '';
  if (text === '') return null;
  const value = Number(text);
  if (!Number.isFinite(value))
    throw new InvoiceError(`Line ${line}: ${column} is '${row[column]}', not a number.`);
  return value;
}

function sumOf(row: Row, columns: readonly string[] | undefined, line: number): number | null {
  const values = (columns ?? [])
    .map((column) => numberOf(row, column, line))
    .filter((value) => value !== null);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);
}

function mappingOf(columns: readonly string[], format: InvoiceFormat | undefined): Mapping {
  const candidates = format ? MAPPINGS.filter((mapping) => mapping.format === format) : MAPPINGS;
  const found = candidates.find(({ needs }) => needs.every((column) => columns.includes(column)));
  if (found) return found;
  const wanted = candidates.map(({ format: name, needs }) => `${name} (${needs.join(', ')})`).join('; ');
  throw new InvoiceError(`The file has the columns ${columns.join(', ')}; an export has those of ${wanted}.`);
}

/** The sum of what is known; null when neither is. */
export function addKnown(a: number | null, b: number | null): number | null {
  return a === null && b === null ? null : (a ?? 0) + (b ?? 0);
}

/** Lines of one day and model are added up. Throws InvoiceError. */
export function parseInvoice(
  csv: string,
  format?: InvoiceFormat,
): { format: InvoiceFormat; lines: InvoiceLine[] } {
  let rows: Row[];
  try {
    rows = parse(csv, { columns: true, bom: true, skip_empty_lines: true, trim: true });
  } catch (error) {
    throw new InvoiceError(`The file is not CSV: ${(error as Error).message}`);
  }
  if (rows.length === 0) throw new InvoiceError('The file has no lines.');
  const mapping = mappingOf(Object.keys(rows[0]!), format);
  const lines = new Map<string, InvoiceLine>();
  rows.forEach((row, index) => {
    const line = index + 2;
    const day = row[mapping.day]?.slice(0, 10) ?? '';
    if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) {
      throw new InvoiceError(
        `Line ${line}: ${mapping.day} is '${row[mapping.day] ?? ''}', not a day (YYYY-MM-DD).`,
      );
    }
    const cost_usd = mapping.cost === undefined ? null : numberOf(row, mapping.cost, line);
    const input_tokens = sumOf(row, mapping.input, line);
    const output_tokens = sumOf(row, mapping.output, line);
    // Days without use are lines without a figure.
    if (cost_usd === null && input_tokens === null && output_tokens === null) return;
    const model = modelKey(row[mapping.model] ?? '');
    const key = `${day}\0${model}`;
    const known = lines.get(key);
    lines.set(key, {
      day,
      model,
      cost_usd: addKnown(known?.cost_usd ?? null, cost_usd),
      input_tokens: addKnown(known?.input_tokens ?? null, input_tokens),
      output_tokens: addKnown(known?.output_tokens ?? null, output_tokens),
    });
  });
  return { format: mapping.format, lines: [...lines.values()] };
}
