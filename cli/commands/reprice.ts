/** `plumbline reprice`: recomputes the cost of stored calls, shows the difference first. */
import { Command } from 'commander';
import { pricerOf } from '../../collector/from-settings.ts';
import { type ModelDifference, type RepriceReport, reprice } from '../../collector/price/reprice.ts';
import { type CommandContext, EXIT, type WithContext } from '../command.ts';
import { table, usd } from '../table.ts';
import { windowOf } from '../window.ts';

interface Options {
  from: string;
  to: string;
  project?: string;
  model?: string;
  apply?: true;
  json?: true;
}

function row(model: ModelDifference): (string | number | null)[] {
  return [
    model.provider,
    model.model,
    model.calls,
    model.changed,
    usd(model.before_usd),
    usd(model.after_usd),
    usd(model.after_usd - model.before_usd),
    model.unpriced_before,
    model.unpriced_after,
  ];
}

function show(report: RepriceReport): string {
  return table(
    [
      'provider',
      'model',
      'calls',
      'changed',
      'before $',
      'after $',
      'difference $',
      'unpriced before',
      'after',
    ],
    report.models.map(row),
  );
}

export function repriceCommand(withContext: WithContext): Command {
  return new Command('reprice')
    .description(
      'recompute the cost of stored calls, repeats included, under today’s prices; shows the difference, writes it with --apply',
    )
    .requiredOption('--from <time>', 'start of the window: ISO 8601, epoch milliseconds or now-7d')
    .option('--to <time>', 'end of the window', 'now')
    .option('--project <name>', 'only this project')
    .option('--model <name>', 'only this model')
    .option('--apply', 'write the new costs')
    .option('--json', 'print the report as JSON')
    .action((options: Options) =>
      withContext(async ({ settings, warehouse, database, print, say, progress }: CommandContext) => {
        const report = await reprice({
          warehouse,
          database,
          price: await pricerOf(settings, (_level, message) => say(message)),
          ...windowOf(options),
          project: options.project,
          model: options.model,
          apply: options.apply === true,
          onProgress: ({ hours, of, calls }) => progress(`${hours} of ${of} hours, ${calls} calls`),
        });
        progress('');
        print(options.json ? JSON.stringify(report, null, 2) : show(report));
        const change = `${report.changed} of ${report.calls} calls`;
        say(
          options.apply ? `${change} were priced anew.` : `${change} would change; add --apply to write it.`,
        );
        return EXIT.pass;
      }),
    );
}
