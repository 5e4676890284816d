/** Looking for repeats among calls that have in common what calls mostly have not: one id of an answer, one token count. */
import { examine } from '../../ingest/settle/examiner.ts';
import { CLOCK_GRAIN_MS, MS_PER_HOUR } from '../../schemas/queries/settling/times.ts';
import { machineLine, optionsOf, printBar, printTable, round, save } from './support/bench.ts';
import { startStore } from './support/lines.ts';

const options = optionsOf({
  name: 'shared-ids',
  about: `looks for repeats among calls of one hour and one process: with ids of their own, with one id for all, told by
one scope and by two, and with one token count. A minute or two.`,
  options: { calls: { default: 100_000, meaning: 'calls of the hour, about three of them at once' } },
});

const TOKENS_OF_THEIR_OWN = { input: 'toUInt32(1 + number)', output: 'toUInt32(1 + number % 700)' };
const ONE_COUNT = { input: 'toUInt32(12)', output: 'toUInt32(1)' };
const ONE_SCOPE = `'client'`;
const TWO_SCOPES = `if(number % 2 = 0, 'client', 'framework')`;
/** What the calls of a project share. Those that stand beside each other under one id are of different tokens. */
const SHAPES = {
  'ids of their own': {
    response_id: `concat('resp-of-a-call-', toString(number))`,
    scope: TWO_SCOPES,
    ...TOKENS_OF_THEIR_OWN,
  },
  'one id, one scope': { response_id: `'chatcmpl-1'`, scope: ONE_SCOPE, ...TOKENS_OF_THEIR_OWN },
  'one id, two scopes': { response_id: `'chatcmpl-1'`, scope: TWO_SCOPES, ...TOKENS_OF_THEIR_OWN },
  'one id, one token count, one scope': { response_id: `'chatcmpl-1'`, scope: ONE_SCOPE, ...ONE_COUNT },
  'one token count, two scopes': { response_id: `''`, scope: TWO_SCOPES, ...ONE_COUNT },
};

const { engine, warehouse, version, stop } = await startStore();
const store = { warehouse, database: engine.database, calls_days: 90, now: Date.now };
const hour = Math.floor(Date.now() / MS_PER_HOUR) - 5;
const step_us = Math.floor((MS_PER_HOUR * 1000) / options.calls);

try {
  const rows: Record<string, string | number>[] = [];
  for (const [shape, { response_id, scope, input, output }] of Object.entries(SHAPES)) {
    await warehouse.command(`INSERT INTO ${engine.database}.calls
  (project, trace_id, span_id, started_at, version, process, provider, model, operation, scope, response_id,
   input_tokens, output_tokens, duration_ms, status)
SELECT '${shape.replaceAll(/\W+/g, '-')}', reinterpretAsFixedString(sipHash128(number, '${shape}')), reinterpretAsFixedString(cityHash64(number, '${shape}')),
  fromUnixTimestamp64Micro(toInt64(${hour * MS_PER_HOUR * 1000} + number * ${step_us}), 'UTC'), 1, 1, 'openai', 'model-1', 'chat', ${scope},
  ${response_id}, ${input}, ${output}, ${(3 * step_us) / 1000}, 'ok'
FROM numbers(${options.calls})`);
    await new Promise((resolve) => setTimeout(resolve, CLOCK_GRAIN_MS + 500));
    const began = performance.now();
    await examine(store);
    const seconds = (performance.now() - began) / 1000;
    const { rows: found } = await warehouse.query<{ pairs: number | string }>(
      `SELECT count() AS pairs FROM ${engine.database}.repeats WHERE project = '${shape.replaceAll(/\W+/g, '-')}'`,
    );
    rows.push({ 'calls that share': shape, s: round(seconds), 'pairs found': Number(found[0]!.pairs) });
    // What has been looked at shall not be near the rows of the next shape.
    await new Promise((resolve) => setTimeout(resolve, CLOCK_GRAIN_MS));
    await examine(store);
  }
  const machine = machineLine(version);
  console.log(`${machine}; ${options.calls} calls of an hour`);
  printTable(rows);
  const [own, ...others] = rows.map(({ s }) => Number(s));
  printBar(
    `whatever is shared, at most 10 times what ids of their own cost: ${round(Math.max(...others) / own!)} x`,
    Math.max(...others) <= 10 * own!,
  );
  save('shared-ids', machine, { ...options, rows });
} finally {
  await stop();
}
