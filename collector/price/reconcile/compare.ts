/** Our figures beside an invoice's, by day and model, each difference with its name. Pure. */
import type { InvoiceLine } from './invoice.ts';

/** Our counted calls of one day and model. */
export interface OurLine {
  day: string;
  model: string;
  calls: number;
  /** Those with tokens. */
  unpriced_calls: number;
  cost_usd: number | null;
  input_tokens: number | null;
  output_tokens: number | null;
}

export type Finding =
  /** Within the tolerance. */
  | 'equal'
  /** On the invoice, but no call of ours: not instrumented, another project, or lost. */
  | 'not_measured'
  /** Ours, but not on the invoice: another account, or not billed. */
  | 'not_invoiced'
  /** Some of our calls have tokens and no price. */
  | 'unpriced_calls'
  /** The tokens differ: calls are missing on one side, or an emitter counts otherwise. */
  | 'tokens_differ'
  /** Tokens agree or are not told, the cost differs: another price. */
  | 'price_differs';

export interface ComparedLine {
  day: string;
  model: string;
  finding: Finding;
  calls: number;
  ours_usd: number | null;
  invoice_usd: number | null;
  difference_usd: number | null;
  ours_tokens: number | null;
  invoice_tokens: number | null;
}

export interface Comparison {
  lines: ComparedLine[];
  ours_usd: number;
  invoice_usd: number;
}

const tokensOf = (
  line: { input_tokens: number | null; output_tokens: number | null } | undefined,
): number | null =>
  line === undefined || (line.input_tokens === null && line.output_tokens === null)
    ? null
    : (line.input_tokens ?? 0) + (line.output_tokens ?? 0);

/** Whether two figures agree within the share `tolerance` of the larger. */
function agree(a: number, b: number, tolerance: number): boolean {
  return Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));
}

function findingOf(ours: OurLine | undefined, invoice: InvoiceLine | undefined, tolerance: number): Finding {
  if (ours === undefined) return 'not_measured';
  if (invoice === undefined) return 'not_invoiced';
  const ourTokens = tokensOf(ours);
  const theirTokens = tokensOf(invoice);
  const tokensAgree = ourTokens === null || theirTokens === null || agree(ourTokens, theirTokens, tolerance);
  const costsAgree = invoice.cost_usd === null || agree(ours.cost_usd ?? 0, invoice.cost_usd, tolerance);
  if (tokensAgree && costsAgree) return 'equal';
  if (!tokensAgree) return 'tokens_differ';
  return ours.unpriced_calls > 0 ? 'unpriced_calls' : 'price_differs';
}

/** `tolerance` is a share, 0.01 for one per cent. Largest differences first. */
export function compareInvoice(
  ours: readonly OurLine[],
  invoice: readonly InvoiceLine[],
  tolerance: number,
): Comparison {
  const keyOf = ({ day, model }: { day: string; model: string }): string => `${day}\0${model}`;
  const ourLines = new Map(ours.map((line) => [keyOf(line), line]));
  const invoiceLines = new Map(invoice.map((line) => [keyOf(line), line]));
  const lines = [...new Set([...ourLines.keys(), ...invoiceLines.keys()])].map((key): ComparedLine => {
    const our = ourLines.get(key);
    const their = invoiceLines.get(key);
    const ours_usd = our?.cost_usd ?? null;
    const invoice_usd = their?.cost_usd ?? null;
    return {
      day: (our ?? their)!.day,
      model: (our ?? their)!.model,
      finding: findingOf(our, their, tolerance),
      calls: our?.calls ?? 0,
      ours_usd,
      invoice_usd,
      difference_usd: ours_usd === null && invoice_usd === null ? null : (ours_usd ?? 0) - (invoice_usd ?? 0),
      ours_tokens: tokensOf(our),
      invoice_tokens: tokensOf(their),
    };
  });
  lines.sort(
    (a, b) =>
      Math.abs(b.difference_usd ?? 0) - Math.abs(a.difference_usd ?? 0) || keyOf(a).localeCompare(keyOf(b)),
  );
  const total = (of: (line: ComparedLine) => number | null): number =>
    lines.reduce((sum, line) => sum + (of(line) ?? 0), 0);
  return { lines, ours_usd: total((line) => line.ours_usd), invoice_usd: total((line) => line.invoice_usd) };
}
