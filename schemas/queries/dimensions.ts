/** What calls may be grouped and filtered by. The only identifiers a query can name are the ones listed here. */
import { CALL_STATUSES, ERROR_TYPES } from '../record/calls.ts';

export interface Dimension {
  /** Expression over a counted call, of type String. */
  sql: string;
  meaning: string;
  /** The values that stored calls may have, where they are few and fixed: filters refuse others. */
  allowed?: readonly string[];
  /**
   * Says how a call ended. Filters on it choose which calls are counted, but rates still divide by all calls:
   * the rate of time-outs is time-outs over calls, not over time-outs.
   */
  outcome?: true;
  /** Not in rollups: every answer reads the calls. */
  calls_only?: true;
}

const column = (name: string, meaning: string, more: Partial<Dimension> = {}): Dimension => ({
  sql: `toString(${name})`,
  meaning,
  ...more,
});

export const dimensions = {
  service: column('service', 'service that made the call'),
  environment: column('environment', 'deployment environment of the service'),
  provider: column('provider', 'provider of the model'),
  model: column('model', 'the model that was asked for, without a provider prefix'),
  operation: column(
    'operation',
    'chat, text_completion, generate_content or embeddings; of a carrier that counts also what its emitter calls it',
  ),
  variant: column('variant', 'arm of a rollout: baseline, canary or what the router says'),
  request_type: column('request_type', 'the caller’s class of request'),
  slice: {
    sql: 'slice',
    meaning:
      'slice of the traffic; a call in several counts in each of them and once in totals, a call in none under ""',
  },
  error_type: column('error_type', 'canonical class of the error, "" for calls that went well', {
    allowed: ['', ...ERROR_TYPES],
    outcome: true,
  }),
  status: column('status', 'ok or error', { allowed: CALL_STATUSES, outcome: true }),
  response_model: column('response_model', 'the answering model as reported', { calls_only: true }),
  user_id: column(
    'user_id',
    'user, as a keyed pseudonym unless raw ids are kept; filters take the raw id or the pseudonym',
    { calls_only: true },
  ),
  conversation_id: column('conversation_id', 'conversation or session', { calls_only: true }),
  finish_reason: column('finish_reason', 'why the answer ended', { calls_only: true }),
  service_version: column('service_version', 'version of the service', { calls_only: true }),
  dialect: column('dialect', 'convention the span came in', { calls_only: true }),
} as const satisfies Record<string, Dimension>;

export type DimensionName = keyof typeof dimensions;

export const DIMENSION_NAMES = Object.keys(dimensions) as DimensionName[];

export function dimensionOf(name: DimensionName): Dimension {
  return dimensions[name];
}
