/**
 * Content that comes as events, on the span or as log records: the conventions up to 1.36 tell messages so, one event
 * each; later ones tell all of a call in one event.
 */
import type { Attributes, AttributeValue } from '../otlp/span.ts';
import { KeyValueList } from '../otlp/span.ts';
import type { Contents } from './content.ts';

const INPUT_EVENTS = new Set([
  'gen_ai.user.message',
  'gen_ai.assistant.message',
  'gen_ai.tool.message',
  'gen_ai.content.prompt',
]);
const SYSTEM_EVENTS = new Set(['gen_ai.system.message']);
const OUTPUT_EVENTS = new Set(['gen_ai.choice', 'gen_ai.content.completion']);
const DETAILS_EVENT = 'gen_ai.client.inference.operation.details';

export function isContentEvent(name: string): boolean {
  return (
    INPUT_EVENTS.has(name) || SYSTEM_EVENTS.has(name) || OUTPUT_EVENTS.has(name) || name === DETAILS_EVENT
  );
}

function attributeOf(attributes: Attributes, key: string): AttributeValue {
  const at = attributes.keys.indexOf(key);
  return at < 0 ? null : attributes.values[at]!;
}

/** What one event tells: its body if it has one, else the attribute that holds its content, else all its attributes. */
function told(attributes: Attributes, body: AttributeValue): AttributeValue {
  if (body !== null && body !== '') return body;
  for (const key of ['gen_ai.event.content', 'content', 'message', 'gen_ai.prompt', 'gen_ai.completion']) {
    const value = attributeOf(attributes, key);
    if (value !== null) return value;
  }
  return attributes;
}

export function contentsOfEvent(name: string, attributes: Attributes, body: AttributeValue): Contents {
  const contents: Contents = { input: null, output: null, system: null };
  if (name === DETAILS_EVENT) {
    const source = body instanceof KeyValueList ? body : attributes;
    contents.input = attributeOf(source, 'gen_ai.input.messages');
    contents.output = attributeOf(source, 'gen_ai.output.messages');
    contents.system = attributeOf(source, 'gen_ai.system_instructions');
  } else if (INPUT_EVENTS.has(name)) contents.input = told(attributes, body);
  else if (SYSTEM_EVENTS.has(name)) contents.system = told(attributes, body);
  else if (OUTPUT_EVENTS.has(name)) contents.output = told(attributes, body);
  return contents;
}

/** The contents of a span: its attributes', completed by what its events tell. */
export function withEvents(
  own: Contents,
  events: readonly { name: string; attributes: Attributes }[],
): Contents {
  if (events.length === 0) return own;
  if (!events.some(({ name }) => isContentEvent(name))) return own;
  const gathered = {
    input: [] as AttributeValue[],
    output: [] as AttributeValue[],
    system: [] as AttributeValue[],
  };
  for (const event of events) {
    if (!isContentEvent(event.name)) continue;
    const contents = contentsOfEvent(event.name, event.attributes, null);
    for (const part of ['input', 'output', 'system'] as const) {
      if (contents[part] !== null) gathered[part].push(contents[part]);
    }
  }
  const pick = (part: keyof Contents): AttributeValue => {
    if (own[part] !== null) return own[part];
    const [first, ...more] = gathered[part];
    if (first === undefined) return null;
    return more.length === 0 ? first : gathered[part];
  };
  return { input: pick('input'), output: pick('output'), system: pick('system') };
}
