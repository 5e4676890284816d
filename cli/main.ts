/**
 * The `plumbline` command: wires its sub-commands to the database that the settings name, embedded or not. Those that
 * ask the query API (cli/api.ts) need no database.
 */
import { Command, type CommanderError } from 'commander';
import { createClickhouseWarehouse } from '../adapters/clickhouse-warehouse.ts';
import { createLog } from '../adapters/log.ts';
import { retentionOf, VERSION, writingWarehouse } from '../adapters/wiring.ts';
import { readConnection } from '../engine/connection-file.ts';
import { startEngine } from '../engine/supervisor.ts';
import { type Warehouse, WarehouseError } from '../schemas/seams.ts';
import type { Settings } from '../schemas/settings/definitions.ts';
import { loadSettings, SettingsError } from '../schemas/settings/load.ts';
import { migrate } from '../schemas/tables/migrations.ts';
import { runWithApi, type WithApi } from './api.ts';
import { type CommandContext, CommandError, EXIT, type WithContext } from './command.ts';
import { compareCommand } from './commands/compare.ts';
import { gatesCommands } from './commands/gates.ts';
import { keysCommands } from './commands/keys.ts';
import { reconcileCommand } from './commands/reconcile.ts';
import { repriceCommand } from './commands/reprice.ts';
import { rollupsCommands } from './commands/rollups.ts';

interface Opened {
  warehouse: Warehouse;
  close(): Promise<void>;
}

/** The server that CLICKHOUSE_URL names; else the engine of a running process; else the engine, for as long as the command runs. */
async function open(settings: Settings): Promise<Opened> {
  if (settings.clickhouse_url) {
    const warehouse = writingWarehouse(settings);
    return { warehouse, close: () => warehouse.close() };
  }
  const running = readConnection(settings.data_dir);
  if (running) {
    const warehouse = createClickhouseWarehouse({ ...running, ...running.writer });
    const answers = await warehouse.ping().then(
      () => true,
      () => false,
    );
    if (answers) return { warehouse, close: () => warehouse.close() };
    await warehouse.close();
  }
  const log = createLog({ name: 'plumbline', level: 'error' });
  const engine = await startEngine({
    data_dir: settings.data_dir,
    database: settings.clickhouse_database,
    log,
  });
  const warehouse = createClickhouseWarehouse({
    url: engine.url,
    ...engine.writer,
    database: engine.database,
  });
  return {
    warehouse,
    async close() {
      await warehouse.close();
      await engine.stop();
    },
  };
}

function exitOf(error: unknown): number {
  if (error instanceof CommandError) return error.exit;
  if (error instanceof SettingsError) return EXIT.usage;
  return error instanceof WarehouseError && error.code === undefined ? EXIT.unreachable : EXIT.fail;
}

const withContext: WithContext = async (work) => {
  let opened: Opened | undefined;
  try {
    const settings = loadSettings();
    opened = await open(settings);
    const database = settings.clickhouse_database;
    await migrate(opened.warehouse, { database, retention: retentionOf(settings) });
    const context: CommandContext = {
      settings,
      database,
      warehouse: opened.warehouse,
      print: (text) => console.log(text),
      say: (text) => console.error(text),
      progress: (text) => {
        if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${text}`);
      },
    };
    process.exitCode = await work(context);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = exitOf(error);
  } finally {
    await opened?.close();
  }
};

const withApi: WithApi = (options, work) =>
  runWithApi({ print: (text) => console.log(text), say: (text) => console.error(text) }, options, work);

/** Commander's own ends (help, wrong arguments) under our exit codes; a command that is added does not inherit it. */
const ended = (error: CommanderError): never => process.exit(error.exitCode === 0 ? EXIT.pass : EXIT.usage);

const program = new Command('plumbline')
  .description('Measures model calls before anyone changes a model.')
  .version(VERSION)
  .exitOverride(ended);
const keys = new Command('keys').description(
  'issue, list and revoke the keys of the collector and the query API',
);
for (const command of keysCommands(withContext)) keys.addCommand(command.exitOverride(ended));
const rollups = new Command('rollups').description(
  'make hourly rollups anew, or hold them against their calls',
);
for (const command of rollupsCommands(withContext)) rollups.addCommand(command.exitOverride(ended));
const gates = new Command('gates').description('decide rollouts');
for (const command of gatesCommands(withApi)) gates.addCommand(command.exitOverride(ended));
for (const command of [
  compareCommand(withApi),
  gates,
  repriceCommand(withContext),
  reconcileCommand(withContext),
  rollups,
  keys,
]) {
  program.addCommand(command.exitOverride(ended));
}
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommandError)) throw error;
  console.error(error.message);
  process.exitCode = error.exit;
}
