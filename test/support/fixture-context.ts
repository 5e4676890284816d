/** What normalisation needs to replay captured spans: the clock stands shortly after the last of them. */
import { dialects } from '../../collector/dialects/index.ts';
import type { NormaliseContext } from '../../collector/normalise/call-row.ts';
import { CompiledDialects } from '../../collector/normalise/compile.ts';
import { Gathered } from '../../collector/normalise/gather.ts';
import type { Span } from '../../collector/otlp/span.ts';
import { createBundledPrices } from '../../collector/price/bundled-prices.ts';
import { createPricer } from '../../collector/price/pricer.ts';
import { DEFAULT_SLICES } from '../../collector/slices/slices.ts';
import { createRedactor } from '../../redaction/index.ts';
import { createKeyedHash } from '../../schemas/identity/keyed-hash.ts';
import type { CallRow } from '../../schemas/record/calls.ts';
import { TEST_HASH_KEY } from './collector.ts';
import type { Facts } from './otlp-fixtures.ts';

const redactor = createRedactor();
const compiled = new CompiledDialects(dialects);
const price = createPricer({ bundled: createBundledPrices() });
const keyedHash = createKeyedHash(TEST_HASH_KEY);

export function fixtureContext(spans: readonly Span[]): NormaliseContext {
  const starts = spans.map(({ start_us }) => start_us);
  return {
    project: 'shop',
    received_us: Math.max(...starts, 0) + 60_000_000,
    retention_calls_days: 90,
    user_ids: 'raw',
    keyedHash,
    redact: (text) => redactor.redact(text),
    price,
    slices: DEFAULT_SLICES,
    dialects: compiled,
    gathered: new Gathered(),
  };
}

/** The fields of a record that fixtures expect. */
export function factsOf(row: CallRow): Facts {
  return {
    dialect: row.dialect,
    token_basis: row.token_basis,
    kind: row.kind,
    operation: row.operation,
    provider: row.provider,
    model: row.model,
    response_model: row.response_model,
    response_id: row.response_id,
    input_tokens: row.input_tokens,
    output_tokens: row.output_tokens,
    cache_read_tokens: row.cache_read_tokens,
    cache_write_tokens: row.cache_write_tokens,
    reasoning_tokens: row.reasoning_tokens,
    status: row.status,
    error_type: row.error_type,
    finish_reason: row.finish_reason,
    stream: row.stream,
    has_ttft: row.ttft_ms !== null,
  };
}
