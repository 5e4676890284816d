/** Log lines as JSON on stderr, through pino; stdout is for what a person asked to see. */
import { destination, pino, stdSerializers } from 'pino';
import type { Log } from '../schemas/log.ts';

export function createLog(options: { name: string; level: string }): Log {
  const serializers = { error: stdSerializers.err };
  const logger = pino(
    { name: options.name, level: options.level, serializers },
    destination({ fd: 2, sync: true }),
  );
  return (level, message, fields) => logger[level](fields ?? {}, message);
}
