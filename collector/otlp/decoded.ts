/** One class per decoded message with every field set from the start, so that each has a single hidden class. */
import { NO_ID, NO_PARENT } from './ids.ts';
import {
  type Attributes,
  type AttributeValue,
  KeyValueList,
  type LogRecord,
  type Resource,
  type Scope,
  type Span,
  type SpanEvent,
} from './span.ts';

export class DecodedResource implements Resource {
  attributes: Attributes = new KeyValueList();
}

export class DecodedScope implements Scope {
  name = '';
  version = '';
  attributes: Attributes = new KeyValueList();
}

export class DecodedEvent implements SpanEvent {
  name = '';
  time_us = 0;
  attributes: Attributes = new KeyValueList();
}

export class DecodedSpan implements Span {
  resource: Resource;
  scope: Scope;
  trace_id = NO_ID;
  span_id = NO_ID;
  parent_span_id = NO_PARENT;
  name = '';
  kind = 0;
  start_us = 0;
  duration_ms = 0;
  attributes: Attributes = new KeyValueList();
  dropped_attributes = 0;
  events: SpanEvent[] = [];
  status_code = 0;
  status_message = '';
  truncated = false;
  fault: string | undefined = undefined;

  constructor(resource: Resource, scope: Scope) {
    this.resource = resource;
    this.scope = scope;
  }
}

export class DecodedLogRecord implements LogRecord {
  resource: Resource;
  scope: Scope;
  trace_id: Uint8Array | undefined = undefined;
  span_id: Uint8Array | undefined = undefined;
  event_name = '';
  time_us = 0;
  body: AttributeValue = null;
  attributes: Attributes = new KeyValueList();
  truncated = false;
  fault: string | undefined = undefined;

  constructor(resource: Resource, scope: Scope) {
    this.resource = resource;
    this.scope = scope;
  }
}
