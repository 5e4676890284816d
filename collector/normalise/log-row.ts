/** GenAI events that come as log records: evaluations become scores, messages become content. */
import type { PayloadRow } from '../../schemas/record/payloads.ts';
import type { ScoreRow } from '../../schemas/record/scores.ts';
import type { AttributeValue, LogRecord } from '../otlp/span.ts';
import { KeyValueList } from '../otlp/span.ts';
import { judgeStart } from './acceptance.ts';
import type { NormaliseContext } from './call-row.ts';
import { payloadTexts } from './content.ts';
import { contentsOfEvent, isContentEvent } from './content-events.ts';
import { asNumber, asText } from './values.ts';

export type NormalisedLog =
  | { outcome: 'score'; row: ScoreRow }
  | { outcome: 'content'; row: PayloadRow }
  | { outcome: 'not_a_model_call' }
  | { outcome: 'rejected'; reason: 'bad_record' | 'out_of_retention'; message: string };

const EVALUATION_EVENT = 'gen_ai.evaluation.result';
const NO_TRACE = new Uint8Array(16);
const NO_SPAN = new Uint8Array(8);
const NO_HASH = new Uint8Array(32);

/** An event's value: among its attributes, or in its body as older emitters put them. */
function valueOfEvent(record: LogRecord, key: string): AttributeValue {
  for (const source of [record.attributes, record.body]) {
    if (!(source instanceof KeyValueList)) continue;
    const at = source.keys.indexOf(key);
    if (at >= 0) return source.values[at]!;
  }
  return null;
}

function bad(message: string): NormalisedLog {
  return { outcome: 'rejected', reason: 'bad_record', message };
}

function score(record: LogRecord, context: NormaliseContext): NormalisedLog {
  const name = asText(valueOfEvent(record, 'gen_ai.evaluation.name'));
  const value = asNumber(valueOfEvent(record, 'gen_ai.evaluation.score.value'));
  if (name === '') return bad(`${EVALUATION_EVENT} without gen_ai.evaluation.name`);
  if (value === null)
    return bad(`${EVALUATION_EVENT} '${name}' without a number in gen_ai.evaluation.score.value`);
  const response_id = asText(valueOfEvent(record, 'gen_ai.response.id'));
  if (record.span_id === undefined && response_id === '') {
    return bad(`${EVALUATION_EVENT} '${name}' names neither its span nor gen_ai.response.id`);
  }
  return {
    outcome: 'score',
    row: {
      project: context.project,
      trace_id: record.trace_id ?? NO_TRACE,
      span_id: record.span_id ?? NO_SPAN,
      response_hash: NO_HASH,
      response_id: context.redact(response_id),
      name: context.redact(name),
      source: record.scope.name || 'otlp',
      value,
      label: context.redact(asText(valueOfEvent(record, 'gen_ai.evaluation.score.label'))),
      scored_at: record.time_us,
      version: context.received_us,
    },
  };
}

function content(record: LogRecord, context: NormaliseContext): NormalisedLog {
  if (record.trace_id === undefined || record.span_id === undefined) {
    return bad(`${record.event_name} names no span that its content belongs to`);
  }
  const contents = contentsOfEvent(record.event_name, record.attributes, record.body);
  const texts = payloadTexts(contents, context.redact);
  if (texts === undefined) return { outcome: 'not_a_model_call' };
  return {
    outcome: 'content',
    row: {
      project: context.project,
      trace_id: record.trace_id,
      span_id: record.span_id,
      part: `${record.time_us} ${record.event_name}`,
      started_at: record.time_us,
      version: context.received_us,
      ...texts,
      truncated: texts.truncated || record.truncated,
    },
  };
}

export function normaliseLog(record: LogRecord, context: NormaliseContext): NormalisedLog {
  const isScore = record.event_name === EVALUATION_EVENT;
  if (!isScore && !isContentEvent(record.event_name)) return { outcome: 'not_a_model_call' };
  if (record.fault !== undefined) return bad(record.fault);
  const { refusal } = judgeStart(
    record.time_us / 1000,
    context.received_us / 1000,
    context.retention_calls_days,
  );
  if (refusal !== undefined) {
    return {
      outcome: 'rejected',
      reason: 'out_of_retention',
      message: `log record '${record.event_name}' ${refusal}`,
    };
  }
  return isScore ? score(record, context) : content(record, context);
}
