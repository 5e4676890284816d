/**
 * docs/dialects.md, made from the dialects' tables and from what the fixtures expect:
 * `node test/support/dialects-page.ts` writes it, and a test holds it to them.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CanonicalField, Dialect } from '../../collector/dialects/dialect.ts';
import { dialects } from '../../collector/dialects/index.ts';
import { type Fixture, readFixtures } from './otlp-fixtures.ts';

export const PAGE = fileURLToPath(new URL('../../docs/dialects.md', import.meta.url));

const COLUMNS: [heading: string, field: CanonicalField][] = [
  ['provider', 'provider'],
  ['asked model', 'request_model'],
  ['answering model', 'response_model'],
  ['answer’s id', 'response_id'],
  ['input', 'input_tokens'],
  ['output', 'output_tokens'],
  ['cache read', 'cache_read_tokens'],
  ['cache write', 'cache_write_tokens'],
  ['reasoning', 'reasoning_tokens'],
  ['first token', 'ttft'],
  ['cost', 'cost_usd'],
  ['stream', 'stream'],
  ['finish reason', 'finish_reasons'],
  ['user', 'user_id'],
  ['conversation', 'conversation_id'],
];

const keysOf = ({ fields }: Dialect, field: CanonicalField): string[] =>
  (fields[field] ?? []).map((source) =>
    typeof source === 'string'
      ? source
      : `${source.key}${source.path ? ` → ${source.path}` : ''}${source.unit && source.unit !== 's' ? ` (${source.unit})` : ''}`,
  );

function table(headings: string[], rows: string[][]): string {
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |`;
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)].join('\n');
}

function known(): string {
  return table(
    ['dialect', ...COLUMNS.map(([heading]) => heading)],
    dialects.map((dialect) => [
      `\`${dialect.name}\``,
      ...COLUMNS.map(([, field]) => {
        const isMarked = field === 'ttft' && dialect.first_token_events !== undefined;
        const isTold = field === 'stream' && (dialect.streams ?? dialect.first_token_events) !== undefined;
        return keysOf(dialect, field).length > 0 || isMarked || isTold ? 'yes' : '–';
      }),
    ]),
  );
}

function basisOf({ input_basis, total_proves }: Dialect): string {
  const rules = (input_basis ?? []).map(({ is, ...conditions }) => {
    const terms = Object.entries(conditions).map(
      ([name, value]) => `${name} \`${value instanceof RegExp ? value.source : value}\``,
    );
    return `${is} if ${terms.join(' and ')}`;
  });
  return [
    ...(total_proves ? ['what the total proves'] : []),
    ...rules,
    'else unknown, taken for inclusive',
  ].join('; ');
}

function sources(dialect: Dialect): string {
  const fields: CanonicalField[] = [
    'input_tokens',
    'output_tokens',
    'cache_read_tokens',
    'cache_write_tokens',
    'reasoning_tokens',
    'ttft',
    'cost_usd',
  ];
  const lines = fields.flatMap((field) => {
    const keys = keysOf(dialect, field).map((key) => `\`${key}\``);
    return keys.length > 0 ? [`- ${field}: ${keys.join(', ')}`] : [];
  });
  const events = dialect.first_token_events?.map((name) => `\`${name}\``) ?? [];
  return [
    `### ${dialect.name}`,
    ...lines,
    ...(events.length > 0 ? [`- first token by event: ${events.join(', ')}`] : []),
    `- basis of the input: ${basisOf(dialect).replaceAll('|', '\\|')}`,
  ].join('\n');
}

function emitters(fixtures: readonly Fixture[]): string {
  const byFolder = Map.groupBy(fixtures, ({ name }) => name.split(' ')[0]!);
  return table(
    ['emitter', 'dialect', 'never tells', 'and'],
    [...byFolder]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([folder, [first]]) => {
        const { dialect, lacks, why } = first!.expected;
        return [folder, `\`${dialect}\``, lacks.join(', ') || '–', why.join(' ') || '–'];
      }),
  );
}

/** The page's text. */
export function dialectsPage(): string {
  return `# Dialects: what is known of a call, and what cannot be

Made by \`node test/support/dialects-page.ts\` from \`collector/dialects/\` and \`test/fixtures/otlp/\`; change those, not this.

A span's dialect is the first of this list whose scope or attributes it shows. Every field is read from the first of
its sources that holds something; what no source holds is null, never zero. Whatever the dialect, content goes to the
payload, redacted, and never into a call's attributes.

## Fields by dialect

${known()}

Emitters differ within a dialect: the last section says what each of them leaves out.

## Token counts, first tokens and costs

Input always ends up with the cached tokens inside and output with the reasoning, whatever the emitter's basis. Its
basis is told by the counts where they can (more cached than input, a total that adds them up), else by these rules, the
first that holds.

${dialects.map(sources).join('\n\n')}

## Emitters

Captured from the real libraries against a provider of our own (\`test/fixtures/capture/\`), at the versions named; those
called \`handmade\` are written from their documentation. Where a figure is wrong at the emitter and nothing marks it, it
is stored as told.

${emitters(readFixtures())}
`;
}

if (import.meta.main) writeFileSync(PAGE, dialectsPage());
