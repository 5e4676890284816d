/** Calls that the service has timed itself: what it records is what the API must answer, to the digit. */
import { createRandom } from '../query-api/support/random.ts';

interface Recorded {
  model: string;
  provider: string;
  latency_ms: number;
  ttft_ms: number;
  input_tokens?: number;
  output_tokens?: number;
  cache_read_tokens?: number;
  error_type?: string;
  http_status?: number;
}

const random = createRandom(20);
/** Quarters of a millisecond: the time of day in milliseconds, as a double, holds no finer ones exactly. */
const quarters = (most_ms: number): number => 1 + random.integer(most_ms * 4) / 4;

function recorded(provider: string, model: string, cached: boolean): Recorded {
  const call = { provider, model, latency_ms: quarters(9_000), ttft_ms: quarters(900) };
  if (random.chance(0.1)) return { ...call, error_type: 'RateLimitError', http_status: 429 };
  const input_tokens = 100 + random.integer(5_000);
  return {
    ...call,
    input_tokens,
    output_tokens: 1 + random.integer(900),
    ...(cached ? { cache_read_tokens: random.integer(100) } : {}),
  };
}

const many = (count: number, make: () => Recorded): Recorded[] => Array.from({ length: count }, make);

export const RECORDED: readonly Recorded[] = [
  ...many(37, () => recorded('openai', 'gpt-4o-mini', true)),
  ...many(24, () => recorded('anthropic', 'claude-sonnet-4-5', false)),
  ...many(11, () => recorded('acme', 'house-7b', false)),
];
