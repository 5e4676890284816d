/** The answer to a plain `fetch`: JSON or server-sent events, seen as the caller reads it. */
import type { AnswerReading } from '../answers/answer-reading.ts';
import { readAnswer, streamReader } from '../answers/read-answer.ts';
import type { CallSpan } from '../call-span.ts';
import { fields } from '../values.ts';
import { endWhenAbandoned } from './abandoned.ts';
import { EventLines } from './event-lines.ts';
import { watchReadable } from './readable-stream.ts';
import type { Watcher } from './watch.ts';

/** A longer JSON body is passed on and not read: its call has no counts. */
const MAX_BODY_CHARS = 8_388_608;
/** After so long the body of a failure, which may name it, is taken for one that nobody reads. */
const UNREAD_FAILURE_MS = 500;

/** Ends the call when the caller has read the body, or has left it. True, for the call is the body's to end. */
export function followResponse(response: Response, call: CallSpan): boolean {
  if (!response.body) {
    call.end({ http_status: response.status });
    return true;
  }
  const isStream = /^text\/event-stream/.test(response.headers.get('content-type') ?? '');
  if (isStream && response.ok) call.markStream();
  const { watcher, reading } = isStream && response.ok ? eventWatcher(call) : bodyWatcher(response, call);
  watchReadable(response.body, watcher);
  endWhenAbandoned(response, call, reading);
  if (!response.ok) {
    call.refused();
    endUnlessRead(call, reading);
  }
  return true;
}

/** Calls that failed and whose body may still be read. */
const unread = new Set<() => void>();

/** Who looks at the status of a failure alone reads no body, and the process may end before it is collected. */
function endUnlessRead(call: CallSpan, reading: () => AnswerReading): void {
  const answered_ms = call.lastActive();
  const settle = (): void => {
    unread.delete(settle);
    const isRead = call.lastActive() > answered_ms + 1;
    if (!isRead) call.end(reading(), answered_ms);
  };
  if (unread.size === 0) process.off('beforeExit', endUnread).prependListener('beforeExit', endUnread);
  unread.add(settle);
  setTimeout(settle, UNREAD_FAILURE_MS).unref();
}

/** Before the spans are sent for the last time. */
function endUnread(): void {
  for (const settle of unread) settle();
}

function eventWatcher(call: CallSpan) {
  const reader = streamReader();
  const lines = new EventLines((data) => {
    if (reader.take(data)) call.markFirstToken();
  });
  const watcher: Watcher = {
    chunk(bytes) {
      call.touch();
      lines.take(bytes);
    },
    done: () => call.end(reader.reading()),
    left: () => call.end(reader.reading()),
    failed: (error) => call.fail(error, reader.reading()),
  };
  return { watcher, reading: () => reader.reading() };
}

function bodyWatcher({ ok, status }: Response, call: CallSpan) {
  const decoder = new TextDecoder();
  let text = '';
  const settle = (): void => {
    const body = parse(text);
    const http_status = ok ? undefined : status;
    if (ok) call.end(fields(body) ? readAnswer(body) : {});
    else call.fail({ name: String(status), status, error: fields(body)?.error ?? body }, { http_status });
  };
  const watcher: Watcher = {
    chunk(bytes) {
      call.touch();
      if (text.length < MAX_BODY_CHARS) text += decoder.decode(bytes as Uint8Array, { stream: true });
    },
    done: settle,
    left: () => (ok ? call.end({}) : settle()),
    failed: (error) => call.fail(error),
  };
  return { watcher, reading: () => (ok ? {} : { error_type: String(status), http_status: status }) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
