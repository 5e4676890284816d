/** From a decoded span to the record: one row of `calls`, and its content for `payloads`. Pure but for the clock it is given. */
import type { KeyedHash } from '../../schemas/identity/keyed-hash.ts';
import type { CallRow } from '../../schemas/record/calls.ts';
import type { PayloadRow } from '../../schemas/record/payloads.ts';
import type { Settings } from '../../schemas/settings/definitions.ts';
import type { Span } from '../otlp/span.ts';
import type { Pricer } from '../price/pricer.ts';
import { type SliceThresholds, slicesOf } from '../slices/slices.ts';
import { judgeStart } from './acceptance.ts';
import { classify } from './classify.ts';
import { type CompiledDialects, position } from './compile.ts';
import { type Contents, payloadTexts, type Redact } from './content.ts';
import { withEvents } from './content-events.ts';
import { errorFields } from './error-fields.ts';
import { finishReason } from './finish-reason.ts';
import type { Gathered } from './gather.ts';
import { readPrompt, responseText } from './message-text.ts';
import { canonicalModel, modelOfName, pricedModel } from './model-names.ts';
import { providerOf } from './providers.ts';
import { redactName } from './remembered.ts';
import { resourceFacts } from './resource-facts.ts';
import { restAttributes } from './rest-attributes.ts';
import { timingOf } from './timing.ts';
import { mayHaveLostUsage, tokenFields } from './token-fields.ts';
import { asCount, asNumber, asSha256, asText, asTextList } from './values.ts';

export interface NormaliseContext {
  project: string;
  /** Receive time in microseconds since 1970: the row's version. */
  received_us: number;
  retention_calls_days: number;
  user_ids: Settings['user_ids'];
  keyedHash: KeyedHash;
  redact: Redact;
  price: Pricer;
  slices: SliceThresholds;
  dialects: CompiledDialects;
  /** Scratch space, reused from span to span. */
  gathered: Gathered;
}

export type Normalised =
  | { outcome: 'call' | 'carrier'; row: CallRow; payload: PayloadRow | undefined }
  | { outcome: 'not_a_model_call' }
  | { outcome: 'rejected'; reason: 'bad_span' | 'out_of_retention' | 'clock_ahead'; message: string };

const NOT_A_MODEL_CALL: Normalised = { outcome: 'not_a_model_call' };
const SLICES_MAX = 16;

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** The keyed hash of a text: from the SHA-256 that the service sent, else from the text itself. */
function textHash(
  context: NormaliseContext,
  sha256: Uint8Array | null,
  text: () => string | null,
): Uint8Array | null {
  if (sha256 !== null) return context.keyedHash.ofSha256(context.project, sha256);
  const found = text();
  return found === null ? null : context.keyedHash.ofText(context.project, found);
}

function userId(context: NormaliseContext, reported: string): string {
  if (reported === '' || context.user_ids === 'drop') return '';
  return context.user_ids === 'raw' ? reported : context.keyedHash.pseudonym(context.project, reported);
}

export function normalise(span: Span, context: NormaliseContext): Normalised {
  const plan = context.dialects.planOf(span.scope, span.attributes);
  if (plan === undefined) return NOT_A_MODEL_CALL;
  const { dialect } = plan;
  const fields = context.gathered;
  fields.fill(plan, span.attributes);
  const { kind, operation } = classify(span, dialect, fields);
  if (kind === 'neither') return NOT_A_MODEL_CALL;

  if (span.fault !== undefined) return { outcome: 'rejected', reason: 'bad_span', message: span.fault };
  if (!(span.duration_ms >= 0)) {
    return {
      outcome: 'rejected',
      reason: 'bad_span',
      message: `span ${hexOf(span.span_id)} ends before it starts`,
    };
  }
  const { started_us, duration_ms, ttft_ms, is_stream } = timingOf(span, fields, dialect);
  const started_ms = started_us / 1000;
  const { refusal, clock_skewed } = judgeStart(
    started_ms,
    context.received_us / 1000,
    context.retention_calls_days,
  );
  if (refusal !== undefined) {
    const reason = started_ms * 1000 > context.received_us ? 'clock_ahead' : 'out_of_retention';
    return { outcome: 'rejected', reason, message: `span ${hexOf(span.span_id)} ${refusal}` };
  }

  const { project, redact } = context;
  const name = redactName(redact);
  const text = (field: number): string => redact(asText(fields.get(field)));
  const nameOf = (field: number): string => name(asText(fields.get(field)));
  const request_model = nameOf(position.request_model) || name(modelOfName(span.name));
  const response_model = nameOf(position.response_model);
  const { model, prefix } = canonicalModel(request_model, response_model);
  const provider = name(
    providerOf({
      reported: asText(fields.get(position.provider)),
      host: asText(fields.get(position.server_address)),
      prefix,
      model,
    }),
  );
  const tokens = tokenFields(span, fields, dialect, provider);
  const reported = asNumber(fields.get(position.cost_usd));
  const isCost = reported !== null && reported < 1e6 && reported >= 0;
  const cost_reported_usd = isCost && !(reported === 0 && dialect.zero_cost_is_unknown) ? reported : null;
  const contents: Contents = withEvents(
    {
      input: fields.get(position.input),
      output: fields.get(position.output),
      system: fields.get(position.system),
    },
    span.events,
  );
  const prompt = readPrompt(contents.input);
  const texts = payloadTexts(contents, redact);
  const rest = restAttributes(span.attributes, plan, redact);
  const resource = resourceFacts(span.resource);
  const confidence = asNumber(fields.get(position.confidence));

  const price = context.price({
    project,
    provider,
    model: pricedModel(model, response_model),
    started_ms,
    input_tokens: tokens.input_tokens,
    output_tokens: tokens.output_tokens,
    cache_read_tokens: tokens.cache_read_tokens,
    cache_write_tokens: tokens.cache_write_tokens,
    token_basis: tokens.token_basis,
    cost_reported_usd,
  });
  const finish_reason = name(finishReason(fields.get(position.finish_reasons)));
  const found = slicesOf(
    {
      input_tokens: tokens.input_tokens,
      output_tokens: tokens.output_tokens,
      context_window: price.context_window,
      finish_reason,
      prompt: prompt?.text ?? null,
      messages: prompt?.messages ?? null,
      multimodal: prompt?.multimodal ?? false,
    },
    context.slices,
  );

  const error = errorFields(span, fields, dialect, redact);
  const named = asTextList(fields.get(position.slices)).map(redact);

  const row: CallRow = {
    project,
    trace_id: span.trace_id,
    span_id: span.span_id,
    parent_span_id: span.parent_span_id,
    started_at: started_us,
    version: context.received_us,
    kind,
    clock_skewed,
    truncated: span.truncated || rest.cut || texts?.truncated === true || mayHaveLostUsage(span, tokens),
    stream: is_stream,
    service: resource.service,
    service_version: resource.service_version,
    environment: resource.environment,
    process: resource.process,
    operation,
    provider,
    model,
    request_model,
    response_model,
    variant: nameOf(position.variant),
    request_type: nameOf(position.request_type),
    slices: named.length === 0 ? found : [...new Set([...found, ...named])].slice(0, SLICES_MAX),
    user_id: userId(context, asText(fields.get(position.user_id))),
    conversation_id: text(position.conversation_id),
    // Field by field: spreading objects into one of fifty fields costs as much as all the rest of this function.
    input_tokens: tokens.input_tokens,
    output_tokens: tokens.output_tokens,
    cache_read_tokens: tokens.cache_read_tokens,
    cache_write_tokens: tokens.cache_write_tokens,
    reasoning_tokens: tokens.reasoning_tokens,
    token_basis: tokens.token_basis,
    context_window: price.context_window,
    duration_ms,
    ttft_ms,
    cost_usd: price.cost_usd,
    cost_input_usd: price.cost_input_usd,
    cost_output_usd: price.cost_output_usd,
    cost_reported_usd,
    cost_status: price.cost_status,
    price_version: price.price_version,
    status: error.status,
    error_type: error.error_type,
    error_type_raw: error.error_type_raw,
    http_status: error.http_status,
    error_message: error.error_message,
    response_id: text(position.response_id),
    client_retries: Math.min(asCount(fields.get(position.client_retries)) ?? 0, 255),
    finish_reason,
    prompt_hash: textHash(context, asSha256(fields.get(position.prompt_hash)), () => prompt?.text ?? null),
    response_hash: textHash(context, asSha256(fields.get(position.response_hash)), () =>
      responseText(contents.output),
    ),
    confidence: confidence !== null && confidence >= 0 && confidence <= 1 ? confidence : null,
    dialect: dialect.name,
    scope: span.scope.name,
    attributes: rest.entries,
  };
  const payload: PayloadRow | undefined = texts && {
    project,
    trace_id: span.trace_id,
    span_id: span.span_id,
    part: '',
    started_at: started_us,
    version: context.received_us,
    ...texts,
  };
  return { outcome: kind, row, payload };
}
