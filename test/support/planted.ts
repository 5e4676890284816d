/**
 * Model calls whose prompts, answers and errors quote secrets. Every text also holds a word that is none (a marker),
 * by which a search proves that it looks where the text went.
 */
import { cardNumber, ibanNumber, jsonWebToken, pemKey, providerKeys, random } from '../redaction/make.ts';
import { encodeTraces, logsJson, type PlainAttributes } from './otlp-encode.ts';

export interface Planted {
  /** OTLP requests, by path. */
  requests: { path: string; type: string; body: Uint8Array | string }[];
  /** None of these may be found anywhere. */
  secrets: string[];
  /** Each of these must be found among the stored rows. */
  markers: string[];
}

/** As people and programs write them; the second of each is what must not be found. */
function quoted(seed: number): [sentence: string, secret: string][] {
  const next = random(seed);
  const keys = Object.values(providerKeys(next)).map((key): [string, string] => [`my key is ${key} ok`, key]);
  const card = cardNumber(next, '4', 16);
  const iban = ibanNumber(next, 'DE', '0'.repeat(18));
  const token = jsonWebToken(next);
  const pem = pemKey(next);
  const mail = `ada.${seed}@mail.example.org`;
  return [
    ...keys,
    [`pay with ${card}, thanks`, card],
    [`to the account ${iban}.`, iban],
    [`Authorization: Bearer ${token}`, token],
    [pem, pem.split('\n')[2]!],
    [`write to ${mail}`, mail],
    ['call me at +49 170 5550 142', '5550 142'],
    [`postgres://app:pl4nted-pass-${seed}@db.internal:5432/shop`, `pl4nted-pass-${seed}`],
    [`password=pl4nted-word-${seed}`, `pl4nted-word-${seed}`],
  ];
}

export function planted(seed: number, now_ms: number): Planted {
  const secrets = quoted(seed);
  const markers: string[] = [];
  const told = secrets.map(([sentence]) => sentence).join('\n');
  const text = (place: string): string => {
    const marker = `marker${place}${seed}`;
    markers.push(marker);
    return `${marker} ${told} ${marker}`;
  };
  const messages = (place: string, role: string): string =>
    JSON.stringify([{ role, parts: [{ type: 'text', content: text(place) }] }]);
  const common: PlainAttributes = [
    ['gen_ai.operation.name', 'chat'],
    ['gen_ai.provider.name', 'openai'],
    ['gen_ai.request.model', 'gpt-4o-mini'],
  ];
  const start = BigInt(now_ms) * 1_000_000n;
  const span = (number: number, attributes: PlainAttributes) => ({
    trace_id: `${seed}`.padStart(32, 'a'),
    span_id: `${number}`.padStart(16, 'b'),
    name: 'chat gpt-4o-mini',
    kind: 3,
    start,
    end: start + 5_000_000n,
    attributes: [...common, ...attributes],
  });
  const spans = [
    span(1, [
      ['gen_ai.input.messages', messages('input', 'user')],
      ['gen_ai.output.messages', messages('output', 'assistant')],
      ['gen_ai.system_instructions', text('system')],
    ]),
    span(2, [
      ['gen_ai.prompt', text('prompt')],
      ['gen_ai.completion', text('completion')],
      ['app.request', text('attribute')],
      ['app.list', [text('list')]],
      ['app.map', { map: [['inner', text('map')]] }],
    ]),
    {
      ...span(3, [['error.type', 'server_error']]),
      status_code: 2,
      status_message: text('status').slice(0, 900),
    },
    {
      ...span(4, [['error.type', 'APIError']]),
      status_code: 2,
      events: [
        {
          name: 'exception',
          time: start,
          attributes: [
            ['exception.type', 'APIError'],
            ['exception.message', text('exception').slice(0, 900)],
            ['exception.stacktrace', text('stack')],
          ] as PlainAttributes,
        },
        {
          name: 'gen_ai.user.message',
          time: start,
          attributes: [['content', text('event')]] as PlainAttributes,
        },
      ],
    },
  ];
  const logs = [
    {
      trace_id: `${seed}`.padStart(32, 'a'),
      span_id: '5'.padStart(16, 'b'),
      event_name: 'gen_ai.user.message',
      time: start,
      body: { map: [['content', text('log')]] as PlainAttributes },
    },
  ];
  const traces = encodeTraces([{ resource: [['service.name', 'planted']], spans }]);
  const cut = Buffer.from(traces).subarray(0, traces.length - 5);
  return {
    secrets: secrets.map(([, secret]) => secret),
    // The stack is kept nowhere.
    markers: markers.filter((marker) => !marker.includes('stack')),
    requests: [
      { path: '/v1/traces', type: 'application/x-protobuf', body: traces },
      { path: '/v1/logs', type: 'application/json', body: logsJson([{ logs }]) },
      // What cannot be read must not be quoted either.
      { path: '/v1/traces', type: 'application/x-protobuf', body: cut },
      { path: '/v1/traces', type: 'application/json', body: `{"resourceSpans": ${JSON.stringify(told)}` },
      { path: '/v1/traces', type: 'application/json', body: JSON.stringify({ resourceSpans: told }) },
    ],
  };
}
