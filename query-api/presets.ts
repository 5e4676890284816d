/** The four routes of one engine: they differ in what they answer when nothing is asked for. */
import type { DimensionName } from '../schemas/queries/dimensions.ts';
import type { MetricName } from '../schemas/queries/metrics.ts';

export interface Preset {
  path: string;
  summary: string;
  description: string;
  metrics: readonly MetricName[];
  group_by: readonly DimensionName[];
  /** Metric that rows are ordered by, highest first, after `time`. */
  order_by: MetricName;
  /** Requests as one would type them: what is asked, path and query. */
  asks: readonly (readonly [question: string, path: string])[];
  /** Grouped by `error_type`, only failed calls are rows, unless a filter on `status` says otherwise. */
  errors_by_type?: true;
}

export const presets: readonly Preset[] = [
  {
    path: '/v1/rollups',
    summary: 'Any metric by any dimension and interval',
    description:
      'The general one. Without `group_by` and `interval` it is one row; with an interval, intervals without calls are absent.',
    metrics: ['calls', 'error_rate', 'latency_p95_ms', 'ttft_p95_ms', 'cost_usd'],
    group_by: [],
    asks: [
      ['How many calls, how slow, how dear, hour by hour?', '/v1/rollups?interval=1h&from=now-1d'],
      [
        'Which service uses which model for what?',
        '/v1/rollups?group_by=service,model,request_type&from=now-7d',
      ],
    ],
    order_by: 'calls',
  },
  {
    path: '/v1/latency',
    summary: 'How fast: latency and time to the first token',
    description: 'Failed calls are included; `status=ok` leaves them out.',
    metrics: [
      'calls',
      'latency_p50_ms',
      'latency_p95_ms',
      'latency_p99_ms',
      'ttft_p50_ms',
      'ttft_p95_ms',
      'ttft_p99_ms',
    ],
    group_by: ['model'],
    asks: [['What is the p95 of each model?', '/v1/latency?group_by=model&from=now-7d']],
    order_by: 'calls',
  },
  {
    path: '/v1/cost',
    summary: 'How dear: US dollars in total, per call and per 1,000 tokens',
    description: 'Calls without a known price are in no sum: `unpriced_calls` says how many they are.',
    metrics: ['calls', 'cost_usd', 'cost_per_call_usd', 'cost_per_1k_tokens_usd', 'unpriced_calls'],
    group_by: ['model'],
    asks: [['What does each service cost a day?', '/v1/cost?group_by=service&interval=1d&from=now-30d/d']],
    order_by: 'cost_usd',
  },
  {
    path: '/v1/errors',
    summary: 'How wrong: counts, rates and shares of failures',
    description:
      'By default a row for each `error_type`: its rate among all calls and its share of all errors. Grouped by `error_type`, calls that went well are no row (unless `status` is filtered); grouped by anything else, groups without errors are there with a rate of 0.',
    metrics: ['errors', 'error_rate', 'error_share', 'uptime'],
    group_by: ['error_type'],
    asks: [['Which errors does one model have?', '/v1/errors?model=small-chat-v1&from=now-7d']],
    order_by: 'errors',
    errors_by_type: true,
  },
];
