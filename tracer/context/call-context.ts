/** Labels for every call made inside a function, carried by OpenTelemetry's context and, if asked for, by baggage. */
import { type Context, context, createContextKey, propagation } from '@opentelemetry/api';
import { guarded } from '../guard.ts';
import type { CallContext } from '../options.ts';
import { settings } from '../settings.ts';
import { defined, string, strings } from '../values.ts';

const LABELS = createContextKey('plumbline-tracer call context');

/** Baggage's names: the attributes that the labels become. */
const BAGGAGE = {
  user_id: 'user.id',
  conversation_id: 'gen_ai.conversation.id',
  request_type: 'plumbline.request_type',
  variant: 'plumbline.variant',
  slices: 'plumbline.slices',
} as const;
const NAMES = Object.keys(BAGGAGE) as (keyof CallContext)[];

/**
 * Runs `fn` so that every model call made inside it, however deep, carries these labels. Nested contexts add to
 * each other; the inner one wins, and what a call says itself wins over both; slices add up. Gives back what
 * `fn` gives back and never throws of its own. Without an OpenTelemetry SDK it only runs `fn`.
 *
 * With `configure({ baggage: [...] })` the labels named there are also put into W3C baggage, which OpenTelemetry's
 * HTTP instrumentations send to other services.
 */
export function withCallContext<T>(labels: CallContext, fn: () => T): T {
  const inside = guarded(() => contextWith(context.active(), labels));
  return inside ? context.with(inside, fn) : fn();
}

function contextWith(base: Context, labels: CallContext): Context {
  const merged = merge(labelsOf(base) ?? {}, labels);
  const inside = base.setValue(LABELS, merged);
  const { baggage } = settings();
  if (baggage.length === 0) return inside;
  let carried = propagation.getBaggage(inside) ?? propagation.createBaggage();
  for (const name of baggage) {
    const value = name === 'slices' ? merged.slices?.join(',') : merged[name];
    if (value) carried = carried.setEntry(BAGGAGE[name], { value });
  }
  return propagation.setBaggage(inside, carried);
}

/** The labels in force where the running code is; undefined if there are none. */
export function activeLabels(): CallContext | undefined {
  const active = context.active();
  const own = labelsOf(active);
  const { baggage } = settings();
  if (baggage.length === 0) return own;
  const carried = propagation.getBaggage(active);
  if (!carried) return own;
  const received: CallContext = {};
  for (const name of baggage) {
    const value = string(carried.getEntry(BAGGAGE[name])?.value);
    if (value === undefined) continue;
    if (name === 'slices') received.slices = value.split(',');
    else received[name] = value;
  }
  return own ? merge(received, own) : received;
}

function labelsOf(active: Context): CallContext | undefined {
  return active.getValue(LABELS) as CallContext | undefined;
}

/** The inner labels over the outer ones; slices of both. */
export function merge(outer: CallContext, inner: CallContext): CallContext {
  const known = Object.fromEntries(NAMES.map((name) => [name, inner[name]])) as CallContext;
  const slices = [...new Set([...(strings(outer.slices) ?? []), ...(strings(inner.slices) ?? [])])];
  return { ...outer, ...defined(known), ...(slices.length > 0 ? { slices } : {}) };
}
