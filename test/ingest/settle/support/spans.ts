/** Random calls as pipelines really tell of them: once, twice, nested, side by side, with carriers, late and again. */
import type { CallRow } from '../../../../schemas/record/calls.ts';
import type { Random } from '../../../query-api/support/random.ts';
import { idOf, makeCall } from '../../../support/rows.ts';

export interface World {
  random: Random;
  project: string;
  from_ms: number;
  hours: number;
  made: number;
}

const MODELS = ['small-chat-v1', 'candidate-xl', 'embed-2'];

const id = (world: World, width: number): Uint8Array => idOf(++world.made, width);

function plainCall(world: World): CallRow {
  const { random, project } = world;
  const model = random.pick(MODELS);
  const failed = random.chance(0.1);
  return makeCall({
    project,
    trace_id: id(world, 16),
    span_id: id(world, 8),
    started_at: world.from_ms * 1000 + Math.floor(random.next() * world.hours * 3_600_000_000),
    service: random.pick(['checkout', 'search']),
    process: BigInt(1 + random.integer(3)),
    model,
    request_model: model,
    response_model: failed ? '' : `${model}-2026-01-01`,
    scope: 'client',
    variant: random.pick(['', 'canary']),
    slices: ['short', 'noisy'].filter(() => random.chance(0.3)),
    duration_ms: Math.round(Math.exp(random.next() * 10) * 1000) / 1000,
    ttft_ms: random.chance(0.5) ? random.integer(1000) / 8 : null,
    input_tokens: failed ? null : 1 + random.integer(3_000),
    output_tokens: failed ? null : 1 + random.integer(300),
    cost_usd: failed ? null : random.integer(1_000_000) / 1e9,
    status: failed ? 'error' : 'ok',
    error_type: failed ? 'timeout' : '',
    // As of servers that number their answers at random below a small number, too.
    response_id: random.chance(0.3) ? `chatcmpl-${random.integer(20)}` : `resp-of-a-provider-${world.made}`,
  });
}

/** The same call, told by a framework around the client: what it says may be less, and spelled otherwise. */
function around(world: World, call: CallRow): CallRow {
  const { random } = world;
  const before_us = random.integer(3) === 0 ? 0 : random.integer(2_000_000);
  const outer: CallRow = {
    ...call,
    span_id: id(world, 8),
    scope: 'framework',
    started_at: call.started_at - before_us,
    duration_ms: call.duration_ms + before_us / 1000 + random.integer(50),
    model: random.chance(0.3) ? call.response_model || call.model : call.model,
    cost_usd: random.chance(0.5) ? call.cost_usd : null,
  };
  switch (random.integer(5)) {
    case 0:
      call.parent_span_id = outer.span_id;
      return random.chance(0.5) ? { ...outer, input_tokens: null, output_tokens: null } : outer;
    case 1:
      return { ...outer, trace_id: id(world, 16) };
    case 2:
      return { ...outer, trace_id: id(world, 16), response_id: '' };
    case 3:
      return { ...outer, kind: 'carrier', response_id: '', input_tokens: (call.input_tokens ?? 0) * 2 };
    default:
      // The same span again, with another start; received later, or which of them is the newest would be chance.
      return { ...outer, span_id: call.span_id, scope: call.scope, version: call.version + 10 * world.made };
  }
}

/** A call and the spans that tell of it, in any order. */
export function told(world: World): CallRow[] {
  const { random } = world;
  const call = plainCall(world);
  const spans = [call];
  if (random.chance(0.25)) spans.push(around(world, call));
  if (random.chance(0.05)) spans.push(around(world, call));
  // A twin: another call of the same process with equal tokens, at the same time.
  if (random.chance(0.05))
    spans.push({ ...call, trace_id: id(world, 16), span_id: id(world, 8), response_id: '' });
  return spans.sort(() => random.next() - 0.5);
}

/** The same span with other content: a price, or tokens that a better instrumentation counts. */
export function changed(world: World, call: CallRow): CallRow {
  const { random } = world;
  const version = call.version + 1 + random.integer(5);
  if (random.chance(0.7)) return { ...call, version, cost_usd: random.integer(1_000_000) / 1e9 };
  return {
    ...call,
    version,
    output_tokens: 1 + random.integer(300),
    response_id: random.chance(0.5) ? '' : call.response_id,
  };
}

export function makeWorld(random: Random, project: string, from_ms: number, hours: number): World {
  return { random, project, from_ms, hours, made: random.integer(1000) * 1_000_000 };
}
