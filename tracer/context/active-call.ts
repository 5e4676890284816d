/** The call under way, carried by OpenTelemetry's context, so that whatever runs inside it can join it. */
import { type Context, context, createContextKey } from '@opentelemetry/api';
import type { CallSpan } from '../call-span.ts';

const CALL = createContextKey('plumbline-tracer call');

/** The innermost call that the running code is part of. */
export function activeCall(): CallSpan | undefined {
  return context.active().getValue(CALL) as CallSpan | undefined;
}

/** The context in which `call` is under way. */
export function contextOfCall(base: Context, call: CallSpan): Context {
  return base.setValue(CALL, call);
}
