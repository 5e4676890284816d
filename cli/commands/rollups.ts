/** `plumbline rollups rebuild` and `verify`: the settler's and the audit's work on a window, with progress. */
import { Command } from 'commander';
import {
  type OnProgress,
  type RollupWindow,
  rebuildRollups,
  verifyRollups,
} from '../../ingest/settle/rebuild.ts';
import type { SettleStore } from '../../ingest/settle/store.ts';
import { type CommandContext, EXIT, type WithContext } from '../command.ts';
import { table } from '../table.ts';
import { windowOf } from '../window.ts';

interface Options {
  from: string;
  to: string;
  project?: string;
  json?: true;
}

const MS_PER_HOUR = 3_600_000;

function storeOf({ settings, warehouse, database }: CommandContext): SettleStore {
  return {
    warehouse,
    database,
    ...(settings.clickhouse_cluster ? { cluster: settings.clickhouse_cluster } : {}),
    calls_days: settings.retention_calls_days,
    now: Date.now,
  };
}

function rollupsOf({ from, to, project }: Options): RollupWindow {
  return { ...windowOf({ from, to }), ...(project === undefined ? {} : { project }) };
}

function progressOf({ progress }: CommandContext, verb: string): OnProgress {
  const began = performance.now();
  return (done, of) => {
    const left_s = done === 0 ? undefined : ((performance.now() - began) / 1000 / done) * (of - done);
    progress(`${verb} ${done} of ${of} hours${left_s === undefined ? '' : `, ${Math.ceil(left_s)} s left`}`);
    if (done === of) progress('');
  };
}

function withWindow(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .requiredOption('--from <time>', 'start of the window: ISO 8601, epoch milliseconds or now-7d')
    .option('--to <time>', 'end of the window', 'now')
    .option('--project <name>', 'only this project')
    .option('--json', 'print the report as JSON');
}

/** The commands under `plumbline rollups`. */
export function rollupsCommands(withContext: WithContext): Command[] {
  const rebuild = withWindow('rebuild', 'find repeats and make the rollups of a window anew').action(
    (options: Options) =>
      withContext(async (context) => {
        const report = await rebuildRollups(
          storeOf(context),
          rollupsOf(options),
          progressOf(context, 'rebuilt'),
        );
        if (options.json) context.print(JSON.stringify(report));
        context.say(
          `Rebuilt ${report.rebuilt} hours; ${report.frozen} were left as they are, since their calls expire.`,
        );
        return EXIT.pass;
      }),
  );
  const verify = withWindow(
    'verify',
    'compare settled rollups with their calls, counted from scratch; exits 1 where they differ',
  ).action((options: Options) =>
    withContext(async (context) => {
      const report = await verifyRollups(
        storeOf(context),
        rollupsOf(options),
        progressOf(context, 'verified'),
      );
      const { differing, verified, cells, unsettled } = report;
      if (options.json) context.print(JSON.stringify(report));
      else if (differing.length > 0) {
        const rows = differing.map(({ project, hour, differences, cells: of }) => [
          project,
          new Date(hour * MS_PER_HOUR).toISOString(),
          differences,
          of,
        ]);
        context.print(table(['project', 'hour', 'differing', 'cells'], rows));
      }
      context.say(
        `Compared ${verified} hours (${cells} cells): ${differing.length} differ. ${unsettled} are not settled and read from the calls.`,
      );
      return differing.length === 0 ? EXIT.pass : EXIT.fail;
    }),
  );
  return [rebuild, verify];
}
