/**
 * Repeats: which of two spans tells again of the call that the other tells of. Decided for pairs alone, of spans of
 * one project that start within an hour of each other, so what becomes of a span depends on its own hour and the two
 * beside it. Of a pair the lesser by one total order is struck out, whatever the rule, so two never strike each
 * other out and of any group the greatest stays.
 */

const SECOND_US = 1_000_000;
const HOUR_US = 3_600 * SECOND_US;
const TOLERANCE_US = SECOND_US;
/** Spans that count the same tokens are one call only if they start so close to each other. */
const SAME_TOKENS_US = 60 * SECOND_US;

/** Columns of a span that pairs are found by. */
export const SPAN_COLUMNS = [
  ...['project', 'hour', 'trace_id', 'span_id', 'parent_span_id', 'kind', 'response_id', 'process', 'scope'],
  ...['model', 'response_model', 'input_tokens', 'output_tokens', 'started_at', 'duration_ms', 'inserted_at'],
].join(', ');

/**
 * Time is met by equality: an interval gives the cells of a grid that it covers, at the width that makes them few;
 * a moment gives the cell it lies in at every width. So a join costs about as many rows as there are moments in
 * intervals, also where one answer's id, trace or token count is shared by a hundred thousand spans.
 */
const WIDTHS_US = [1 / 16, 1, 16, 256, 4_096].map((seconds) => seconds * SECOND_US);
const CELLS_MOST = 8;

/** Rules in time: what both spans must have in common, and which may be the interval and which the moment. */
const MEETINGS = {
  answer: {
    common: 'response_id',
    interval_if: 'answer_shared',
    moment_if: 'answer_shared',
    from: 'start_us',
    to: `least(end_us + ${TOLERANCE_US}, start_us + ${HOUR_US})`,
  },
  tokens: {
    common: 'process, model, input, output',
    interval_if: 'tokens_shared',
    moment_if: 'tokens_shared',
    from: 'start_us',
    to: `least(end_us, start_us + ${SAME_TOKENS_US})`,
  },
  carrier: {
    common: 'trace_id',
    interval_if: "kind = 'carrier'",
    moment_if: "kind = 'call'",
    from: `start_us - ${TOLERANCE_US}`,
    to: `least(end_us + ${TOLERANCE_US}, start_us + ${HOUR_US})`,
  },
} as const;

const NO_PARENT = "toFixedString('', 8)";

/** Hashes of what a span and another can have in common; those of time are completed by cells of the grid. */
function keyColumns(): string {
  const rules = Object.entries(MEETINGS);
  const prefix = (tag: string, common: string, condition: string): string =>
    `if(${condition}, cityHash64('${tag}', project, ${common}), 0)`;
  const intervals = rules.map(
    ([tag, { common, interval_if, from, to }]) => `(${prefix(tag, common, interval_if)}, ${from}, ${to})`,
  );
  const moments = rules.map(([tag, { common, moment_if }]) => prefix(tag, common, moment_if));
  const steps = WIDTHS_US.slice(0, -1).map((width) => `i.3 - i.2 <= ${CELLS_MOST * width}, ${width}`);
  const width = `multiIf(${steps.join(', ')}, ${WIDTHS_US.at(-1)})`;
  return `arrayMap(i -> (i.1, i.2, i.3, toInt64(${width})), arrayFilter(i -> i.1 != 0, [${intervals.join(', ')}])) AS spanned,
    arrayConcat(
      arrayFlatten(arrayMap(i -> arrayMap(cell -> cityHash64(i.1, i.4, toInt64(cell)), range(toUInt64(intDiv(i.2, i.4)), toUInt64(intDiv(i.3, i.4) + 1))), spanned)),
      [cityHash64('again', project, trace_id, span_id), cityHash64('parent', project, trace_id, span_id)]) AS intervals,
    arrayConcat(
      arrayFlatten(arrayMap(prefix -> arrayMap(width -> cityHash64(prefix, toInt64(width), toInt64(intDiv(start_us, width))), [${WIDTHS_US.join(', ')}]),
        arrayFilter(prefix -> prefix != 0, [${moments.join(', ')}]))),
      [cityHash64('again', project, trace_id, span_id)],
      if(parent_span_id = ${NO_PARENT}, [], [cityHash64('parent', project, trace_id, parent_span_id)])) AS moments`;
}

/** Numbers that spans which have something in common share, 0 where they have it not. */
const IN_COMMON = {
  again: "cityHash64('again', project, trace_id, span_id)",
  child: "cityHash64('parent', project, trace_id, span_id)",
  parent: `if(parent_span_id = ${NO_PARENT}, 0, cityHash64('parent', project, trace_id, parent_span_id))`,
  answer: "if(response_id = '', 0, cityHash64('answer', project, response_id))",
  tokens:
    "if(input_tokens > 0 AND output_tokens > 0, assumeNotNull(cityHash64('tokens', project, process, model, input_tokens, output_tokens)), 0)",
  trace: "cityHash64('trace', project, trace_id)",
} as const;

/** The side a span is on of what it has in common: only where spans of two sides meet can be a pair. */
const SIDES: Record<keyof typeof IN_COMMON, string> = {
  again: 'cityHash64(hour)',
  child: '0',
  parent: '1',
  answer: 'cityHash64(scope)',
  tokens: 'cityHash64(scope)',
  trace: "kind = 'call'",
};

/** What a pair of the span has in common with it, whatever the rule. */
export const SHARED: readonly string[] = [IN_COMMON.trace, IN_COMMON.answer, IN_COMMON.tokens];

/** The same in an array, less what it has not. */
export const SHARED_KEYS = `arrayFilter(key -> key != 0, [${SHARED.join(', ')}])`;

/**
 * Whether any of the numbers is among those that a SELECT gives, which gives no 0. It may not stand on a CTE that is
 * materialized: each mention of one has all that it stands on planned again. (A lambda over all of them takes a third longer.)
 */
export function isAnyIn(numbers: readonly string[], select: string): string {
  return `(${numbers.map((number) => `${number} IN (${select})`).join(' OR ')})`;
}

/** CTEs that leave of the spans `all`, which may be very many, those that are tied to another: one in a hundred. */
function tiedCtes(all: string): string[] {
  const names = Object.keys(IN_COMMON) as (keyof typeof IN_COMMON)[];
  const sided = names.map((name) => `(toUInt64(${IN_COMMON[name]}), toUInt64(${SIDES[name]}))`);
  return [
    `every_span AS MATERIALIZED (${all})`,
    `ties AS (SELECT side.1 AS tie FROM (SELECT arrayJoin([${sided.join(', ')}]) AS side FROM every_span)
    WHERE side.1 != 0 GROUP BY side.1 HAVING min(side.2) != max(side.2))`,
    `tied AS (SELECT * FROM every_span WHERE arrayExists(key -> key != 0 AND key IN (SELECT tie FROM ties),
      [${names.map((name) => `toUInt64(${IN_COMMON[name]})`).join(', ')}]))`,
  ];
}

/**
 * CTEs, the last of them `spans`: those of the SELECT `near` (SPAN_COLUMNS and `is_fresh`) with the keys by which
 * two may meet. Keys of time are made of answers and token counts alone that more than one scope tells of. `many`
 * says that it pays to look first which spans can be in a pair at all.
 */
export function spanCtes(near: string, many: boolean): string[] {
  return [
    ...(many ? tiedCtes(near) : []),
    `timed AS (SELECT project, hour, trace_id, span_id, parent_span_id, kind, response_id, process, scope, model, response_model,
    input_tokens AS input, output_tokens AS output, inserted_at, is_fresh,
    toUnixTimestamp64Micro(started_at) AS start_us,
    toUnixTimestamp64Micro(started_at) + toInt64(least(duration_ms, 4e9) * 1000) AS end_us,
    response_id != '' AND min(scope) OVER (PARTITION BY project, response_id) != max(scope) OVER (PARTITION BY project, response_id) AS answer_shared,
    ifNull(input > 0 AND output > 0, 0) AND min(scope) OVER (PARTITION BY project, process, model, input, output)
      != max(scope) OVER (PARTITION BY project, process, model, input, output) AS tokens_shared
  FROM ${many ? 'tied' : `(${near})`})`,
    `spans AS MATERIALIZED (SELECT *, ${keyColumns()} FROM timed)`,
  ];
}

/** The same model, one spelled more fully than the other, not told by one of them, or answered by the same. */
const COMPATIBLE_MODELS = `(startsWith(a_model, b_model) OR startsWith(b_model, a_model)
      OR (a_response_model != '' AND a_response_model = b_response_model)
      OR a_model = b_response_model OR b_model = a_response_model)`;
/**
 * Ids of answers that providers draw at random are long. Of a shorter one (`chatcmpl-1`: servers that count, or draw
 * below a thousand) two calls in a row, or at once, may bear the same, each told by two scopes: it needs an overlap
 * without tolerance and tokens that do not contradict.
 */
export const ID_CHARS_TRUSTED = 20;
const IS_SAME_ANSWER = `(length(a_response_id) >= ${ID_CHARS_TRUSTED}
      OR (a_start_us <= b_end_us AND b_start_us <= a_end_us AND ifNull(a_input = b_input, 1) AND ifNull(a_output = b_output, 1)))`;
const OVERLAP = `a_start_us <= b_end_us + ${TOLERANCE_US} AND b_start_us <= a_end_us + ${TOLERANCE_US}`;
const NESTED =
  '((a_start_us <= b_start_us AND a_end_us >= b_end_us) OR (b_start_us <= a_start_us AND b_end_us >= a_end_us))';
const carries = (x: string, y: string): string =>
  `(${x}_kind = 'carrier' AND ${y}_kind = 'call' AND ${y}_start_us >= ${x}_start_us - ${TOLERANCE_US} AND ${y}_start_us <= ${x}_end_us + ${TOLERANCE_US})`;

/** Whether spans a and b tell of one call. */
const ONE_CALL = `a_project = b_project AND a_id != b_id AND abs(a_start_us - b_start_us) <= ${HOUR_US} AND multiIf(
    a_trace_id = b_trace_id AND (a_span_id = b_span_id OR ${carries('a', 'b')} OR ${carries('b', 'a')}), 1,
    a_trace_id = b_trace_id AND (b_parent_span_id = a_span_id OR a_parent_span_id = b_span_id)
      AND ifNull(a_input = b_input, 1) AND ifNull(a_output = b_output, 1), ${COMPATIBLE_MODELS},
    a_scope = b_scope, 0,
    a_response_id != '' AND a_response_id = b_response_id AND ${OVERLAP} AND ${IS_SAME_ANSWER}, ${COMPATIBLE_MODELS},
    a_process = b_process AND a_model = b_model AND ifNull(a_input > 0 AND a_output > 0 AND a_input = b_input AND a_output = b_output, 0)
      AND abs(a_start_us - b_start_us) <= ${SAME_TOKENS_US}, ${NESTED},
    0)`;

/** What a pair consists of: the span that is struck out, and (`by_`) the one that stays of the two. */
export const PAIR_COLUMNS = 'project, hour, trace_id, span_id, by_hour, by_trace_id, by_span_id';

const RANK =
  "(kind = 'call', toUInt8(input IS NOT NULL) + toUInt8(output IS NOT NULL), start_us, -end_us, trace_id, span_id, hour)";
/** What is looked at of both spans. */
const FACTS =
  'project, hour, trace_id, span_id, parent_span_id, kind, response_id, process, scope, model, response_model, input, output, inserted_at, start_us, end_us'.split(
    ', ',
  );

/**
 * A SELECT of PAIR_COLUMNS and `at` (when the younger of the two was inserted): the pairs of a fresh span of `spans`
 * with any. An interval on one side meets a moment on the other, and by the inverted keys the other way round.
 */
export function pairs(): string {
  const side = (name: string, keys: string, inverted: string, where: string): string =>
    `SELECT ${FACTS.map((fact) => `${fact} AS ${name}_${fact}`).join(', ')}, (hour, trace_id, span_id) AS ${name}_id, ${RANK} AS ${name}_rank,
      arrayJoin(arrayConcat(${keys}, arrayMap(key -> bitNot(key), ${inverted}))) AS ${name}_key FROM spans ${where}`;
  // The conditions look at the joined rows as one table: over two, resolving their names costs most of the planning.
  return `SELECT DISTINCT a_project AS project, x.1 AS hour, x.2 AS trace_id, x.3 AS span_id, y.1 AS by_hour, y.2 AS by_trace_id, y.3 AS by_span_id,
    greatest(a_inserted_at, b_inserted_at) AS at
  FROM (
    SELECT a_project, a_inserted_at, b_inserted_at, a_rank < b_rank AS lesser, if(lesser, a_id, b_id) AS x, if(lesser, b_id, a_id) AS y
    FROM (SELECT * FROM (${side('a', 'intervals', 'moments', '')}) AS a
      INNER JOIN (${side('b', 'moments', 'intervals', 'WHERE is_fresh')}) AS b ON a_key = b_key)
    WHERE ${ONE_CALL})`;
}
