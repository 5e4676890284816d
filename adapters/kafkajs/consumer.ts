import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsumeOptions, Consumption } from '../../schemas/seams.ts';
import type { ClientOptions } from './client.ts';
import { withDeadline } from './deadline.ts';
import { isFatal } from './errors.ts';
import { openSession, type Session, type SessionLimits } from './session.ts';

const STOP_TIMEOUT_MS = 20_000;
const RESTART_MIN_MS = 250;
const RESTART_MAX_MS = 5000;
/** A session that lived this long was healthy: the next restart is quick again. */
const HEALTHY_MS = 60_000;

/**
 * Keeps a consumer of the group running: whatever ends a session, another begins, with a new client. Returns at
 * once; the broker may be down for the time being. `crashed` rejects only for what another try cannot mend
 * (authorisation, configuration).
 */
export function startConsumer(
  client: ClientOptions,
  limits: SessionLimits,
  options: ConsumeOptions,
): Consumption {
  const stopping = new AbortController();
  const crash = Promise.withResolvers<never>();
  crash.promise.catch(() => {});
  const stopped = once(stopping.signal, 'abort').then(() => undefined);
  const { group } = options;
  let session: Session | undefined;

  const run = async () => {
    let restarts = 0;
    while (!stopping.signal.aborted) {
      const began = Date.now();
      session = openSession(client, limits, options);
      const error = await Promise.race([session.ended, stopped]);
      await session.close();
      if (stopping.signal.aborted || error === undefined) return;
      if (isFatal(error)) {
        client.log('error', 'consumer cannot go on', { group, error });
        crash.reject(error);
        return;
      }
      if (Date.now() - began > HEALTHY_MS) restarts = 0;
      const pause_ms = Math.min(RESTART_MIN_MS * 2 ** restarts++, RESTART_MAX_MS);
      client.log('warn', 'consumer lost its connection, starting again', { group, error, pause_ms });
      await sleep(pause_ms, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };
  const finished = run();

  return {
    crashed: crash.promise,
    async stop() {
      stopping.abort();
      try {
        await withDeadline(finished, STOP_TIMEOUT_MS, 'stopping the consumer');
      } catch {
        client.log('warn', 'batches were still under way when the consumer stopped; they come again', {
          group,
        });
        session?.abandon();
      }
    },
  };
}
