import { UnavailableError } from '../../schemas/seams.ts';

/** The broker refuses this message for what it is; anything else may pass later. */
const PERMANENT = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD']);

/** Whoever meets one of these needs another configuration, not another try. */
const FATAL = new Set([
  'GROUP_AUTHORIZATION_FAILED',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'UNSUPPORTED_VERSION',
  'INVALID_GROUP_ID',
  'INVALID_SESSION_TIMEOUT',
  'INVALID_TOPIC_EXCEPTION',
  'INVALID_CONFIG',
  'INVALID_PARTITIONS',
  'POLICY_VIOLATION',
  'INCONSISTENT_GROUP_PROTOCOL',
]);

/** The protocol's error names found in a kafkajs error, in its causes and in its parts; empty if no broker spoke. */
export function protocolErrors(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const { type, errors } = error as { type?: unknown; errors?: unknown };
  return [
    ...(typeof type === 'string' ? [type] : []),
    ...(Array.isArray(errors) ? errors.flatMap(protocolErrors) : []),
    ...protocolErrors(error.cause),
  ];
}

export function isPermanent(error: unknown): boolean {
  return protocolErrors(error).some((type) => PERMANENT.has(type));
}

export function isFatal(error: unknown): boolean {
  return protocolErrors(error).some((type) => FATAL.has(type)) || isAuthenticationError(error);
}

/** kafkajs gives this error a name but no protocol type. */
function isAuthenticationError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === 'KafkaJSSASLAuthenticationError' || isAuthenticationError(error.cause);
}

/** What callers see of a failure that may pass: they should try again after a second. */
export function unavailable(cause: unknown): UnavailableError {
  if (cause instanceof UnavailableError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UnavailableError(`Kafka is not available: ${reason}`, { cause, retry_after_s: 1 });
}
