/** Calls with everything that makes numbers go wrong: nulls, failures, no price, many slices, sent twice. */
import type { CallRow } from '../../../schemas/record/calls.ts';
import { idOf, makeCall } from '../../support/rows.ts';
import { createRandom, type Random } from './random.ts';

const HOUR_US = 3_600_000_000;
const DAY_MS = 86_400_000;
/** Yesterday, 06:00 to 16:00. */
export const DATA_FROM_MS = (Math.floor(Date.now() / DAY_MS) - 1) * DAY_MS + 6 * 3_600_000;
export const DATA_HOURS = 10;
export const DATA_TO_MS = DATA_FROM_MS + DATA_HOURS * 3_600_000;

const MODELS = ['small-chat-v1', 'candidate-xl', 'embed-2', 'never-priced'];
const SLICES = ['short', 'long_thread', 'noisy', 'it\'s, "quoted"\n'];
const ERROR_TYPES = [
  'rate_limit',
  'timeout',
  'context_length',
  'server_error',
  'connection',
  'auth',
  '_OTHER',
];

const maybe = <T>(random: Random, probability: number, value: () => T): T | null =>
  random.chance(probability) ? value() : null;

export function randomCall(random: Random, project: string, number: number): CallRow {
  const model = random.pick(MODELS);
  const failed = random.chance(0.15);
  const duration_ms = Math.exp(random.next() * 8);
  const input_tokens = maybe(random, 0.85, () => random.integer(9_000));
  const output_tokens = failed ? null : maybe(random, 0.8, () => random.integer(900));
  const priced = model !== 'never-priced' && random.chance(0.8);
  return makeCall({
    project,
    trace_id: idOf(number, 16),
    span_id: idOf(number, 8),
    started_at: DATA_FROM_MS * 1000 + Math.floor(random.next() * DATA_HOURS * HOUR_US),
    service: random.pick(['checkout', 'search', '']),
    service_version: random.pick(['1.0.0', '1.1.0']),
    environment: random.pick(['production', 'staging']),
    provider: model === 'embed-2' ? 'elsewhere' : 'openai',
    operation: model === 'embed-2' ? 'embeddings' : 'chat',
    model,
    response_model: failed ? '' : `${model}-2026`,
    variant: random.pick(['', 'baseline', 'canary']),
    request_type: random.pick(['', 'summary', 'answer']),
    slices: SLICES.filter(() => random.chance(0.3)),
    user_id: random.pick(['', 'ann', 'bob']),
    conversation_id: random.pick(['', 'c-1', 'c-2']),
    dialect: random.pick(['genai', 'openinference']),
    finish_reason: failed ? '' : random.pick(['stop', 'length']),
    status: failed ? 'error' : 'ok',
    error_type: failed ? random.pick(ERROR_TYPES) : '',
    http_status: [200, failed ? 429 : 200, failed ? 503 : 204, null][number % 4]!,
    duration_ms,
    ttft_ms: failed ? null : maybe(random, 0.6, () => duration_ms * random.pick([0.1, 0.5, 1])),
    input_tokens,
    output_tokens,
    cache_read_tokens: maybe(random, 0.3, () => random.integer(500)),
    cache_write_tokens: maybe(random, 0.2, () => random.integer(500)),
    // Nobody reports it for this model: its sum must be null, not 0.
    reasoning_tokens: model === 'embed-2' ? null : maybe(random, 0.3, () => random.integer(300)),
    context_window: random.pick([null, 0, 8_192, 128_000]),
    cost_usd: priced ? random.integer(1_000_000) / 1e9 : null,
    cost_status: priced ? 'priced' : 'unpriced',
    confidence: maybe(random, 0.4, () => random.next()),
    response_hash: maybe(random, 0.5, () => idOf(random.integer(400) + 1, 32)),
  });
}

export interface Dataset {
  /** What is sent, in this order: some calls come twice or thrice. */
  sent: CallRow[];
  /** What counts: of each identity the highest version. */
  counted: CallRow[];
}

export function makeDataset(project: string, size: number, seed: number): Dataset {
  const random = createRandom(seed);
  const sent: CallRow[] = [];
  const counted: CallRow[] = [];
  for (let number = 1; number <= size; number++) {
    const call = randomCall(random, project, number);
    sent.push(call);
    if (random.chance(0.1)) sent.push(call);
    if (random.chance(0.1)) {
      // Sent again with other content: the same place, other numbers, and the older one may come last.
      const again = { ...randomCall(random, project, number), started_at: call.started_at };
      const newer = { ...again, version: call.version + 1 };
      const older = { ...again, version: call.version - 1 };
      sent.push(older, newer);
      counted.push(newer);
    } else {
      counted.push(call);
    }
  }
  return { sent, counted };
}
