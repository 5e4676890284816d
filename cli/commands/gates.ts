/** `plumbline gates evaluate`: the verdict on a rollout as an exit code, for a pipeline. */
import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { type ApiContext, type ApiOptions, collectFilter, filtersOf, type WithApi } from '../api.ts';
import { CommandError, EXIT } from '../command.ts';
import { figure, joined, range } from '../figures.ts';
import { table } from '../table.ts';

interface Options extends ApiOptions {
  from?: string;
  to?: string;
  filter?: string[];
  minCalls?: number;
  json?: true;
}

const EXITS = { promote: EXIT.pass, rollback: EXIT.fail, hold: EXIT.inconclusive } as const;
const STDIN = 0;

/** The rollout config out of a file, or of stdin. Throws CommandError. */
function readConfig(file: string): unknown {
  const from = file === '-' ? 'stdin' : `'${file}'`;
  let text: string;
  try {
    text = readFileSync(file === '-' ? STDIN : file, 'utf8');
  } catch (error) {
    throw new CommandError(`Cannot read ${from}: ${(error as Error).message}`, EXIT.usage);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CommandError(`The config in ${from} is not JSON: ${(error as Error).message}`, EXIT.usage);
  }
}

async function evaluate(file: string, options: Options, { client, print, say }: ApiContext): Promise<number> {
  const config = readConfig(file) as never;
  const { from, to, filter, minCalls, json } = options;
  const answer = await client.ask('POST /v1/gates/evaluate', {
    body: {
      config,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(filter === undefined ? {} : { filters: filtersOf(filter) }),
      ...(minCalls === undefined ? {} : { min_calls: minCalls }),
    },
  });
  if (json) print(JSON.stringify(answer, null, 2));
  else {
    const rows = answer.criteria.map((criterion) => [
      criterion.criterion,
      criterion.verdict,
      joined(figure(criterion.value, ''), range(criterion.interval, '')),
      criterion.n_baseline,
      criterion.n_candidate,
      criterion.more_calls_needed,
    ]);
    const header = ['criterion', 'verdict', 'value [interval]', 'baseline n', 'candidate n', 'more calls'];
    print(table(header, rows));
  }
  say(`${answer.verdict}: ${answer.reason}`);
  return EXITS[answer.verdict];
}

function wholeNumber(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

export function gatesCommands(withApi: WithApi): Command[] {
  return [
    new Command('evaluate')
      .description('may the candidate ship? exits 0 to promote, 1 to roll back, 3 to hold')
      .argument('[config]', 'file with the rollout config as JSON; - reads it from stdin', '-')
      .option('--from <time>', 'when the rollout began: ISO 8601 or relative, such as now-1d (the default)')
      .option('--to <time>', 'end of the window, by default now')
      .option(
        '--filter <dimension=value>',
        'only such calls, of both arms; may be repeated, a leading ! of a value means not',
        collectFilter,
      )
      .option(
        '--min-calls <number>',
        'calls of each arm before which nothing is promoted, by default 100',
        wholeNumber,
      )
      .option('--json', 'print the whole answer as JSON')
      .option('--url <url>', 'where the query API listens, by default PLUMBLINE_API_URL')
      .addHelpText(
        'after',
        '\nExits 0: promote. 1: roll back. 2: wrong usage. 3: hold, not enough evidence. 4: no answer.\nPLUMBLINE_API_KEY holds the read key.',
      )
      .action((file: string, options: Options) =>
        withApi(options, (context) => evaluate(file, options, context)),
      ),
  ];
}
