import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareInvoice, type OurLine } from '../../../../collector/price/reconcile/compare.ts';
import { modelKey, parseInvoice } from '../../../../collector/price/reconcile/invoice.ts';

const lines = (csv: string) => parseInvoice(csv);

test('OpenAI’s cost export: items of one model and day are added up, days without use are none', () => {
  const csv = `start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item,project_id
1,2,2026-06-01T00:00:00+00:00,2026-06-02T00:00:00+00:00,0.5,usd,"gpt-4o-2024-08-06, input",p
1,2,2026-06-01T00:00:00+00:00,2026-06-02T00:00:00+00:00,1.25,usd,"gpt-4o-2024-08-06, output",p
3,4,2026-06-02T00:00:00+00:00,2026-06-03T00:00:00+00:00,,,,
`;
  assert.deepEqual(lines(csv), {
    format: 'openai-costs',
    lines: [{ day: '2026-06-01', model: 'gpt-4o', cost_usd: 1.75, input_tokens: null, output_tokens: null }],
  });
});

test('OpenAI’s usage export gives tokens', () => {
  const csv = `start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,model,input_tokens,output_tokens,input_cached_tokens
1,2,2026-06-01T00:00:00+00:00,x,p,3,gpt-4o-mini-2024-07-18,1000,200,400
`;
  assert.deepEqual(lines(csv).lines, [
    { day: '2026-06-01', model: 'gpt-4o-mini', cost_usd: null, input_tokens: 1000, output_tokens: 200 },
  ]);
});

test('Anthropic’s exports: costs under display names, tokens in disjoint parts', () => {
  const costs = `usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type
2026-06-01,Claude Haiku 4.5,Default,k,message,≤ 200k,input_no_cache,0.05,0.05,token
2026-06-01,Claude Haiku 4.5,Default,k,message,≤ 200k,output,0.10,0.10,token
`;
  assert.deepEqual(lines(costs).lines, [
    {
      day: '2026-06-01',
      model: 'claude-haiku-4-5',
      cost_usd: 0.15000000000000002,
      input_tokens: null,
      output_tokens: null,
    },
  ]);
  const usage = `usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,web_search_count
2026-06-01,claude-haiku-4-5-20251001,k,Default,standard,≤ 200k,100,20,3,400,50,0
`;
  assert.deepEqual(lines(usage).lines, [
    { day: '2026-06-01', model: 'claude-haiku-4-5', cost_usd: null, input_tokens: 523, output_tokens: 50 },
  ]);
});

test('one model has one name on both sides', () => {
  for (const name of ['Claude Haiku 4.5', 'claude-haiku-4-5-20251001', 'claude-haiku-4-5']) {
    assert.equal(modelKey(name), 'claude-haiku-4-5');
  }
});

test('a file that is no export says what is missing, and where a value is none', () => {
  assert.throws(() => lines('a,b\n1,2\n'), /columns a, b; .*openai-costs \(amount_value, line_item\)/);
  assert.throws(() => lines(''), /no lines/);
  assert.throws(
    () => lines('date,model,cost_usd\n2026-06-01,m,x\n'),
    /Line 2: cost_usd is 'x', not a number/,
  );
  assert.throws(() => lines('date,model,cost_usd\n1 June,m,1\n'), /Line 2: date is '1 June', not a day/);
});

test('each difference has its name', () => {
  const day = '2026-06-01';
  const our = (model: string, overrides: Partial<OurLine> = {}): OurLine => ({
    day,
    model,
    calls: 10,
    unpriced_calls: 0,
    cost_usd: 1,
    input_tokens: 1000,
    output_tokens: 100,
    ...overrides,
  });
  const invoice = (model: string, cost_usd: number | null, input_tokens: number | null = null) => ({
    day,
    model,
    cost_usd,
    input_tokens,
    output_tokens: input_tokens === null ? null : 100,
  });
  const {
    lines: compared,
    ours_usd,
    invoice_usd,
  } = compareInvoice(
    [our('same'), our('dearer'), our('partly', { unpriced_calls: 4 }), our('tokens'), our('ours-only')],
    [
      invoice('same', 1.005),
      invoice('dearer', 2, 1000),
      invoice('partly', 3),
      invoice('tokens', 4, 5000),
      invoice('theirs-only', 5),
    ],
    0.01,
  );
  assert.deepEqual(Object.fromEntries(compared.map(({ model, finding }) => [model, finding])), {
    same: 'equal',
    dearer: 'price_differs',
    partly: 'unpriced_calls',
    tokens: 'tokens_differ',
    'ours-only': 'not_invoiced',
    'theirs-only': 'not_measured',
  });
  assert.equal(compared[0]?.model, 'theirs-only');
  assert.equal(ours_usd, 5);
  assert.ok(Math.abs(invoice_usd - 15.005) < 1e-9);
});
