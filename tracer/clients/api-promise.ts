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
  promise: object,
  call: CallSpan,
  settle: (answer: unknown, call: CallSpan) => void,
): void {
  let isBegun = false;
  let isParsed = false;
  follow(promise as ApiPromise);
  function parsed(answer: unknown): void {
    if (!isParsed) settle(answer, call);
    isParsed = true;
  }

  function follow(one: ApiPromise): void {
    const parse = one.parseResponse;
    // In the place of the old one, so that a failure which nobody handles stays unhandled.
    one.responsePromise = one.responsePromise.then(
      (response) => {
        call.touch();
        // After those who wait for the response already. A registration is dear in every garbage collection, so
        // it is made only where nobody waits.
        queueMicrotask(() =>
          queueMicrotask(() => {
            if (!isBegun) endWhenAbandoned(one, call, () => ({}));
          }),
        );
        return response;
      },
      (error) => {
        call.fail(error);
        throw error;
      },
    );
    one.parseResponse = async function (this: unknown, ...args) {
      isBegun = true;
      try {
        const answer = await Reflect.apply(parse, this, args);
        parsed(answer);
        return answer;
      } catch (error) {
        call.fail(error);
        throw error;
      }
    };
    // What `parse` methods and helpers make of the promise; some clients give it a parser of its own.
    replaceMethod(one, '_thenUnwrap', (original) => (transform, ...rest) => {
      const derived = original(
        (answer: unknown, ...more: unknown[]) => {
          parsed(answer);
          return (transform as (...args: unknown[]) => unknown)(answer, ...more);
        },
        ...rest,
      );
      guarded(() => follow(derived as ApiPromise));
      return derived;
    });
    replaceMethod(one, 'asResponse', (original) => async (...args) => {
      const response = await original(...args);
      // `withResponse` asks for both; whoever takes the response alone reads its body himself.
      if (!isBegun) guarded(() => followResponse(response as Response, call));
      return response;
    });
  }
}
