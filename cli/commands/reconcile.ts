/** `plumbline reconcile`: our costs beside a provider's export, by day and model, each difference with its name. */
import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { pricedModel } from '../../collector/normalise/model-names.ts';
import { type ComparedLine, compareInvoice, type OurLine } from '../../collector/price/reconcile/compare.ts';
import {
  addKnown,
  INVOICE_FORMATS,
  type InvoiceFormat,
  type InvoiceLine,
  modelKey,
  parseInvoice,
} from '../../collector/price/reconcile/invoice.ts';
import { DEFAULT_PROJECT } from '../../schemas/identity/key-ring.ts';
import { type DailyCostRow, dailyCostsStatement } from '../../schemas/queries/daily-costs.ts';
import { projectOfKey } from '../../schemas/queries/project.ts';
import { withCounting } from '../../schemas/queries/with-counting.ts';
import { type CommandContext, CommandError, EXIT, type WithContext } from '../command.ts';
import { table, usd } from '../table.ts';

interface Options {
  format?: InvoiceFormat;
  project: string;
  provider?: string;
  tolerance: string;
  json?: true;
}

const DAY_MS = 86_400_000;

/** Our side under the invoice's names; rows that then share one are added up. */
function ourLines(rows: readonly DailyCostRow[]): OurLine[] {
  const lines = new Map<string, OurLine>();
  for (const row of rows) {
    const model = modelKey(pricedModel(row.model, row.response_model));
    const key = `${row.day}\0${model}`;
    const known = lines.get(key);
    lines.set(key, {
      day: row.day,
      model,
      calls: (known?.calls ?? 0) + row.calls,
      unpriced_calls: (known?.unpriced_calls ?? 0) + row.unpriced_calls,
      cost_usd: addKnown(known?.cost_usd ?? null, row.cost_usd),
      input_tokens: addKnown(known?.input_tokens ?? null, row.input_tokens),
      output_tokens: addKnown(known?.output_tokens ?? null, row.output_tokens),
    });
  }
  return [...lines.values()];
}

async function readInvoice(file: string, format: InvoiceFormat | undefined): Promise<InvoiceLine[]> {
  let csv: string;
  try {
    csv = await readFile(file, 'utf8');
  } catch (error) {
    throw new CommandError(`Cannot read '${file}': ${(error as Error).message}`, EXIT.usage);
  }
  const { lines } = parseInvoice(csv, format);
  if (lines.length === 0) throw new CommandError(`'${file}' holds no day with a figure.`, EXIT.usage);
  return lines;
}

const row = (line: ComparedLine): (string | number | null)[] => [
  line.day,
  line.model,
  line.finding,
  line.calls,
  usd(line.ours_usd),
  usd(line.invoice_usd),
  usd(line.difference_usd),
  line.ours_tokens,
  line.invoice_tokens,
];

const HEADER = [
  'day',
  'model',
  'finding',
  'calls',
  'ours $',
  'invoice $',
  'difference $',
  'our tokens',
  'invoice tokens',
];

export function reconcileCommand(withContext: WithContext): Command {
  return new Command('reconcile')
    .description('compare our costs with a provider’s export, by day and model; exits 1 where they differ')
    .argument('<file>', 'CSV export of the provider (docs/costs.md)')
    .addOption(
      new Option('--format <name>', 'kind of export; found by its columns if absent').choices([
        ...INVOICE_FORMATS,
      ]),
    )
    .option('--project <name>', 'project of the calls', DEFAULT_PROJECT)
    .option('--provider <name>', 'only calls of this provider (an export of one knows nothing of others)')
    .option('--tolerance <share>', 'differences up to this share are none', '0.01')
    .option('--json', 'print the comparison as JSON')
    .action((file: string, options: Options) =>
      withContext(async ({ settings, warehouse, database, print, say }: CommandContext) => {
        const tolerance = Number(options.tolerance);
        if (!(tolerance >= 0 && tolerance < 1)) {
          throw new CommandError(
            `--tolerance is '${options.tolerance}': a share from 0 to below 1.`,
            EXIT.usage,
          );
        }
        const invoice = await readInvoice(file, options.format);
        const days = invoice.map(({ day }) => Date.parse(day));
        const scope = {
          database,
          project: projectOfKey(options.project),
          from_ms: Math.min(...days),
          to_ms: Math.max(...days) + DAY_MS,
          now_ms: Date.now(),
          calls_days: settings.retention_calls_days,
        };
        const { rows } = await withCounting(warehouse, scope, undefined, (counting) => {
          const { sql, params } = dailyCostsStatement({ ...scope, counting });
          return warehouse.query<DailyCostRow>(sql, { params });
        });
        const ours = rows.filter(
          ({ provider }) => options.provider === undefined || provider === options.provider,
        );
        const comparison = compareInvoice(ourLines(ours), invoice, tolerance);
        print(options.json ? JSON.stringify(comparison, null, 2) : table(HEADER, comparison.lines.map(row)));
        const differing = comparison.lines.filter(({ finding }) => finding !== 'equal').length;
        say(
          `Ours $${usd(comparison.ours_usd)}, invoice $${usd(comparison.invoice_usd)}; ` +
            `${differing} of ${comparison.lines.length} lines differ by more than ${tolerance * 100} %.`,
        );
        return differing === 0 ? EXIT.pass : EXIT.fail;
      }),
    );
}
