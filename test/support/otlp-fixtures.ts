/**
 * Bodies captured from real emitters, with what the provider answered and what is expected of them. The expectation is
 * worked out from the answers by the provider's billing rule; where an emitter tells less or otherwise, its
 * `expected.json` says so field by field, and why.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { decodeTracesJson } from '../../collector/otlp/decode-json.ts';
import { decodeTraces } from '../../collector/otlp/decode-protobuf.ts';
import type { Span } from '../../collector/otlp/span.ts';
import type { FakeUsage } from './fake-provider/behaviour.ts';

const root = fileURLToPath(new URL('../fixtures/otlp/', import.meta.url));

export interface Answer {
  id: string | null;
  status: number;
  request_model: string;
  stream: boolean;
  /** Whether the provider told the usage of this answer. */
  usage_told: boolean;
  aborted: boolean;
  model: string;
  usage: Partial<FakeUsage>;
}

export type Facts = Record<string, string | number | boolean | null>;

export interface ExpectedRow {
  kind: 'call' | 'carrier';
  /** The provider's answers that the span tells of, the first one being 1; a carrier sums several. */
  answers: number[];
  /** What the emitter tells otherwise than the provider billed. */
  differs?: Facts;
}

export interface Expected {
  dialect: string;
  token_basis: string;
  /** Providers' words for why an answer ended, as this emitter translates them. */
  finish_reasons?: Record<string, string>;
  /** Fields that the emitter never tells. */
  lacks: string[];
  /** Why the emitter's figures differ, in words. */
  why: string[];
  cases: Record<string, ExpectedRow[]>;
}

export interface Fixture {
  name: string;
  /** The case. */
  case: string;
  protocol: 'openai' | 'anthropic';
  answers: Answer[];
  files: { path: string; body: Buffer }[];
  expected: Expected;
}

const EMPTY: Facts = {
  stream: false,
  has_ttft: false,
  response_model: '',
  response_id: '',
  finish_reason: '',
};

/** The value of a field that an emitter does not tell. */
export function emptyOf(field: string): Facts[string] {
  return EMPTY[field] ?? null;
}

export function readFixtures(): Fixture[] {
  return readdirSync(root).flatMap((folder) => {
    const path = `${root}${folder}/`;
    const expected = existsSync(`${path}expected.json`)
      ? (JSON.parse(readFileSync(`${path}expected.json`, 'utf8')) as Expected)
      : { dialect: '', token_basis: '', lacks: [], why: [], cases: {} };
    return readdirSync(path)
      .filter((file) => file.endsWith('.meta.json'))
      .map((file) => {
        const meta = JSON.parse(readFileSync(path + file, 'utf8'));
        return {
          name: `${folder} ${meta.case}`,
          case: meta.case,
          protocol: meta.protocol,
          answers: meta.answers,
          files: (meta.files as string[]).map((name) => ({
            path: path + name,
            body: readFileSync(path + name),
          })),
          expected,
        };
      });
  });
}

/** The spans of a fixture, decoded. */
export function spansOf(fixture: Fixture): Span[] {
  return fixture.files
    .filter(({ path }) => path.includes('.traces.'))
    .flatMap(({ path, body }) => (path.endsWith('.json') ? decodeTracesJson(body) : decodeTraces(body)));
}

const ERROR_TYPES: Record<number, string> = { 401: 'auth', 429: 'rate_limit', 500: 'server_error' };

/** Counts that the provider told, summed over the answers; null where it did not tell, or the client hung up first. */
function billed(fixture: Fixture, answers: Answer[], count: keyof FakeUsage): number | null {
  const isInput = count !== 'output_tokens' && count !== 'reasoning_tokens';
  // Anthropic tells the input when a stream begins, and the output when it ends.
  const told = answers.filter(
    ({ status, usage_told, aborted }) =>
      status === 200 && usage_told && !(aborted && (fixture.protocol === 'openai' || !isInput)),
  );
  if (told.length === 0) return null;
  const counts = told.map(({ usage }) => usage[count]);
  return counts.some((one) => one === undefined) ? null : counts.reduce((sum, one) => sum! + one!, 0)!;
}

/** What the provider billed and said, in the record's terms. */
export function truthOf(fixture: Fixture, row: ExpectedRow): Facts {
  const answers = row.answers.map((index) => fixture.answers[index - 1]!);
  const last = answers.at(-1)!;
  const isFailed = last.status !== 200;
  const isEmbedding = fixture.case === 'embeddings';
  const tokens = {
    input_tokens: billed(fixture, answers, 'input_tokens'),
    output_tokens: isEmbedding ? null : billed(fixture, answers, 'output_tokens'),
    cache_read_tokens: isEmbedding ? null : billed(fixture, answers, 'cache_read_tokens'),
    cache_write_tokens: billed(fixture, answers, 'cache_write_tokens'),
    reasoning_tokens: isEmbedding ? null : billed(fixture, answers, 'reasoning_tokens'),
  };
  const shared = {
    kind: row.kind,
    provider: fixture.protocol,
    model: last.request_model,
    ...tokens,
    token_basis: tokens.input_tokens === null ? 'unknown' : fixture.expected.token_basis,
    status: isFailed ? 'error' : 'ok',
    error_type: isFailed ? ERROR_TYPES[last.status]! : '',
  };
  if (row.kind === 'carrier') return shared;
  const isTool = fixture.case === 'tools' && row.answers[0] === 1;
  const [stop, tool] = fixture.protocol === 'openai' ? ['stop', 'tool_calls'] : ['end_turn', 'tool_use'];
  const finish = isTool ? tool! : stop!;
  return {
    ...shared,
    operation: isEmbedding ? 'embeddings' : 'chat',
    response_model: isFailed ? '' : last.model,
    response_id: last.id === null || isEmbedding ? '' : last.id,
    finish_reason:
      isFailed || last.aborted || isEmbedding ? '' : (fixture.expected.finish_reasons?.[finish] ?? finish),
    stream: last.stream,
    has_ttft: last.stream,
  };
}

/** The record that is expected: the truth, less what the emitter does not tell, with what it tells otherwise. */
export function expectedOf(fixture: Fixture, row: ExpectedRow): Facts {
  const truth = truthOf(fixture, row);
  const lacking = fixture.expected.lacks.filter((field) => field in truth);
  return {
    dialect: fixture.expected.dialect,
    ...truth,
    ...Object.fromEntries(lacking.map((field) => [field, emptyOf(field)])),
    ...row.differs,
  };
}
