/** `plumbline keys create|list|revoke`: keys that processes take up and drop while they run. */
import { Command, Option } from 'commander';
import { DEFAULT_PROJECT, type KeyKind } from '../../schemas/identity/key-ring.ts';
import {
  createKey,
  keyIdOf,
  type ListedKey,
  listKeys,
  revokeKey,
  SEEDED,
} from '../../schemas/identity/keys-table.ts';
import { CommandError, EXIT, type WithContext } from '../command.ts';
import { table } from '../table.ts';

const PROJECT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const LABEL_LENGTH_MAX = 200;
/** Processes read the table every half minute. */
const TAKES_EFFECT = 'within a minute';

interface CreateOptions {
  project: string;
  kind: KeyKind;
  label: string;
  json?: true;
}

function check({ project, label }: CreateOptions): void {
  if (!PROJECT.test(project)) {
    throw new CommandError(
      `--project is '${project}': letters, digits, ".", "_" and "-", at most 64, the first a letter or digit.`,
      EXIT.usage,
    );
  }
  if (label.length > LABEL_LENGTH_MAX || label === SEEDED) {
    throw new CommandError(
      `--label must have at most ${LABEL_LENGTH_MAX} characters and not be '${SEEDED}', which names keys of the settings.`,
      EXIT.usage,
    );
  }
}

const HEADER = ['id', 'project', 'kind', 'label', 'created', 'revoked'];
const row = (key: ListedKey): (string | null)[] => [
  key.id || null,
  key.project,
  key.kind,
  key.label,
  key.created_at,
  key.revoked_at,
];

function createCommand(withContext: WithContext): Command {
  return new Command('create')
    .description('issue a key; it is printed once and stored only as a hash')
    .option('--project <name>', 'project that the key opens', DEFAULT_PROJECT)
    .addOption(
      new Option('--kind <kind>', 'what it may do: send spans, or ask')
        .choices(['ingest', 'read'])
        .makeOptionMandatory(),
    )
    .option('--label <text>', 'what it is for, for the list', '')
    .option('--json', 'print id and key as JSON')
    .action((options: CreateOptions) =>
      withContext(async ({ warehouse, database, print, say }) => {
        check(options);
        const { id, key } = await createKey(warehouse, database, options);
        print(options.json ? JSON.stringify({ id, key }) : key);
        say(
          `Key ${id} may ${options.kind === 'read' ? 'read' : 'write to'} project '${options.project}', ${TAKES_EFFECT}. It is not shown again.`,
        );
        return EXIT.pass;
      }),
    );
}

function listCommand(withContext: WithContext): Command {
  return new Command('list')
    .description('the keys, without their secrets; those without an id stand in the settings')
    .option('--json', 'print the list as JSON')
    .action((options: { json?: true }) =>
      withContext(async ({ warehouse, database, print }) => {
        const keys = await listKeys(warehouse, database);
        print(options.json ? JSON.stringify(keys, null, 2) : table(HEADER, keys.map(row)));
        return EXIT.pass;
      }),
    );
}

function revokeCommand(withContext: WithContext): Command {
  return new Command('revoke')
    .description('take a key out of force')
    .argument('<id>', 'its id, or the key itself')
    .action((text: string) =>
      withContext(async ({ warehouse, database, say }) => {
        const id = keyIdOf(text);
        const revoked = await revokeKey(warehouse, database, id);
        if (revoked === undefined) {
          throw new CommandError(
            `No key has the id '${id.slice(0, 20)}': see 'plumbline keys list'. Keys of the settings are revoked by taking them out of there.`,
          );
        }
        say(`Key ${id} of project '${revoked.project}' opens nothing any more, ${TAKES_EFFECT}.`);
        return EXIT.pass;
      }),
    );
}

export function keysCommands(withContext: WithContext): Command[] {
  return [createCommand(withContext), listCommand(withContext), revokeCommand(withContext)];
}
