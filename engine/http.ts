import type { Credentials } from './config.ts';

export interface HttpReply {
  ok: boolean;
  text: string;
}

/**
 * Sends one statement to the engine.
 * @returns the reply, whatever its status: any reply shows that the engine is alive
 * @throws when there is none within `timeout_ms`, or when `signal` aborts
 */
export async function send(
  url: string,
  user: Credentials,
  statement: string,
  options: { timeout_ms: number; signal?: AbortSignal },
): Promise<HttpReply> {
  const timeout = AbortSignal.timeout(options.timeout_ms);
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'x-clickhouse-user': user.username,
      'x-clickhouse-key': user.password,
      // An idle connection would delay the engine's end, and a restarted engine knows nothing of the old ones.
      connection: 'close',
    },
    body: statement,
    signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
  });
  return { ok: response.ok, text: await response.text() };
}
