/**
 * The promises of OpenAI's and Anthropic's clients, which parse the body only when somebody asks for it. They are
 * followed in place: the caller gets the same object with all its methods, and the body is read when it would
 * have been.
 */
import type { CallSpan } from '../call-span.ts';
import { guarded } from '../guard.ts';
import { endWhenAbandoned } from '../streams/abandoned.ts';
import { followResponse } from '../streams/follow-response.ts';
import { replaceMethod } from '../streams/watch.ts';
import { isThenable } from '../values.ts';

interface ApiPromise {
  responsePromise: Promise<unknown>;
  parseResponse: (...args: unknown[]) => unknown;
}

/** Known by the fields that these clients have had since their fourth and first versions. */
export function isApiPromise(value: unknown): value is object {
  if (!isThenable(value)) return false;
  const promise = value as Partial<ApiPromise>;
  return isThenable(promise.responsePromise) && typeof promise.parseResponse === 'function';
}

/** Ends the call when the body has been parsed or the request has failed; `settle` takes the parsed body. */
export function followApiPromise(
  value: object,
  call: CallSpan,
  settle: (answer: unknown, call: CallSpan) => void,
): void {
  const promise = value as ApiPromise;
  const parse = promise.parseResponse;
  let isParsed = false;
  // In the place of the old one, so that a failure which nobody handles stays unhandled.
  promise.responsePromise = promise.responsePromise.then(
    (response) => {
      call.touch();
      return response;
    },
    (error) => {
      call.fail(error);
      throw error;
    },
  );
  promise.parseResponse = async function (this: unknown, ...args) {
    isParsed = true;
    try {
      const answer = await Reflect.apply(parse, this, args);
      settle(answer, call);
      return answer;
    } catch (error) {
      call.fail(error);
      throw error;
    }
  };
  replaceMethod(value, 'asResponse', (original) => async (...args) => {
    const response = await original(...args);
    // `withResponse` asks for both; whoever takes the response alone reads its body himself.
    if (!isParsed) guarded(() => followResponse(response as Response, call));
    return response;
  });
  endWhenAbandoned(value, call, () => ({}));
}
