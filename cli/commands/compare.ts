/** `plumbline compare`: the decision matrix in a terminal. */
import { Command } from 'commander';
import type { MatrixRow } from '../../query-api/client/types.ts';
import { type ApiContext, type ApiOptions, collectFilter, filtersOf, type WithApi } from '../api.ts';
import { EXIT } from '../command.ts';
import { figure, joined, range } from '../figures.ts';
import { table } from '../table.ts';

interface Options extends ApiOptions {
  baseline: string;
  candidate: string[];
  from?: string;
  to?: string;
  baselineFrom?: string;
  baselineTo?: string;
  candidateFrom?: string;
  candidateTo?: string;
  score?: string[];
  filter?: string[];
  slices?: true;
  json?: true;
}

const collect = (text: string, known: readonly string[] = []): string[] => [...known, text];

/** Whether the interval of the difference leaves a doubt about who is better. */
function finding({ difference_interval, better }: MatrixRow): string | null {
  if (difference_interval === null) return null;
  const [low, high] = difference_interval as [number, number];
  if (low <= 0 && high >= 0) return 'no difference seen';
  return high < 0 === (better === 'lower') ? 'better' : 'worse';
}

const named = ({ metric, unit }: MatrixRow): string =>
  unit === 'score' || unit === 'ratio' || metric.endsWith(`_${unit.toLowerCase()}`)
    ? metric
    : `${metric} (${unit})`;

/** A line for each metric: both arms, their difference and ratio. */
function lines(rows: readonly MatrixRow[], candidate: string): (string | number | null)[][] {
  const baselines = new Map(
    rows.filter(({ role }) => role === 'baseline').map((row) => [`${row.slice} ${row.metric}`, row]),
  );
  return rows
    .filter(({ role, arm }) => role === 'candidate' && arm === candidate)
    .map((row) => {
      const { unit } = row;
      const baseline = baselines.get(`${row.slice} ${row.metric}`)!;
      const shown = ({ value, interval }: MatrixRow) => joined(figure(value, unit), range(interval, unit));
      return [
        named(row),
        shown(baseline),
        baseline.n,
        shown(row),
        row.n,
        joined(figure(row.difference, unit), range(row.difference_interval, unit)),
        joined(figure(row.ratio, ''), range(row.ratio_interval, '')),
        finding(row) ?? row.reason,
      ];
    });
}

const HEADER = ['metric', 'baseline', 'n', 'candidate', 'n', 'difference', 'ratio', 'finding'];

async function compare(options: Options, { client, print, say }: ApiContext): Promise<number> {
  const { baseline, candidate, score, filter } = options;
  const windows = {
    from: options.from,
    to: options.to,
    baseline_from: options.baselineFrom,
    baseline_to: options.baselineTo,
    candidate_from: options.candidateFrom,
    candidate_to: options.candidateTo,
  };
  const given = Object.fromEntries(Object.entries(windows).filter(([, time]) => time !== undefined));
  const answer = await client.ask('GET /v1/compare', {
    query: { baseline, candidate, ...given, ...(score ? { score } : {}), ...filtersOf(filter) },
  });
  for (const warning of answer.warnings) say(`Note: ${warning}`);
  if (options.json) {
    print(JSON.stringify(answer, null, 2));
    return EXIT.pass;
  }
  const arm = ({ arm: name, calls, from, to }: typeof answer.baseline): string =>
    `${name}, ${calls} calls, ${from} to ${to}`;
  print(`baseline   ${arm(answer.baseline)}`);
  for (const one of answer.candidates) {
    print(`\ncandidate  ${arm(one)}\n`);
    const slices = options.slices ? ['', ...answer.slices] : [''];
    for (const slice of slices) {
      if (slice !== '') print(`\nslice ${slice}`);
      const rows = answer.rows.filter((row) => row.slice === slice);
      print(table(HEADER, lines(rows, one.arm)));
    }
    if (one.matched && one.matched.rows.length > 0) {
      print(`\nmatched to the baseline's mix by ${one.matched.on.join(', ')}`);
      print(table(HEADER, lines(one.matched.rows, one.arm)));
    }
  }
  print(
    `\nIntervals hold 95 % of the time, for one look. The first of the calls expires ${answer.calls_expire_at}.`,
  );
  return EXIT.pass;
}

export function compareCommand(withApi: WithApi): Command {
  return new Command('compare')
    .description('set models, variants or anything else side by side')
    .requiredOption(
      '--baseline <selector>',
      'dimension:value, such as model:small-chat-v1; several joined by commas',
    )
    .requiredOption('--candidate <selector>', 'the same; may be repeated, up to four times', collect)
    .option('--from <time>', 'start of the window: ISO 8601 or relative, such as now-7d; by default now-24h')
    .option('--to <time>', 'end of the window, by default now')
    .option('--baseline-from <time>', 'start of the baseline’s own window')
    .option('--baseline-to <time>', 'end of the baseline’s own window')
    .option('--candidate-from <time>', 'start of the candidates’ own window')
    .option('--candidate-to <time>', 'end of the candidates’ own window')
    .option('--score <name>', 'scores to compare as well; may be repeated', collect)
    .option('--filter <dimension=value>', 'only such calls, of all arms; may be repeated', collectFilter)
    .option('--slices', 'each slice as well')
    .option('--json', 'print the whole answer as JSON')
    .option('--url <url>', 'where the query API listens, by default PLUMBLINE_API_URL')
    .addHelpText(
      'after',
      '\nExits 0 with an answer, 2 for wrong usage, 4 without an answer.\nPLUMBLINE_API_KEY holds the read key.',
    )
    .action((options: Options) => withApi(options, (context) => compare(options, context)));
}
