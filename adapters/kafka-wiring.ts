/** The bus that the settings describe. Apart from wiring.ts, so that the embedded size never loads a Kafka client. */
import { readFile } from 'node:fs/promises';
import type { Log } from '../schemas/log.ts';
import type { Bus } from '../schemas/seams.ts';
import type { Settings } from '../schemas/settings/definitions.ts';
import { createKafkajsBus } from './kafkajs-bus.ts';
import { required } from './wiring.ts';

/** Below the two seconds in which a sender is promised its 503. */
const PUBLISH_TIMEOUT_MS = 1_300;
/** A killed ingest holds its partitions for so long; heartbeats go on during long inserts, so it need not be longer. */
const SESSION_TIMEOUT_MS = 10_000;

/** Throws StartError when a setting is missing. Connects in the background. */
export async function kafkaBus(settings: Settings, client_id: string, log: Log): Promise<Bus> {
  const brokers = required(
    settings.kafka_brokers,
    'KAFKA_BROKERS',
    'this part speaks to Kafka (host:port,…)',
  );
  const ca = settings.kafka_ssl_ca ? await readFile(settings.kafka_ssl_ca, 'utf8') : undefined;
  const sasl = settings.kafka_sasl_mechanism && {
    mechanism: settings.kafka_sasl_mechanism,
    username: required(settings.kafka_sasl_username, 'KAFKA_SASL_USERNAME', 'KAFKA_SASL_MECHANISM is set'),
    password: required(settings.kafka_sasl_password, 'KAFKA_SASL_PASSWORD', 'KAFKA_SASL_MECHANISM is set'),
  };
  return createKafkajsBus({
    brokers,
    client_id,
    log,
    publish_timeout_ms: PUBLISH_TIMEOUT_MS,
    session_timeout_ms: SESSION_TIMEOUT_MS,
    ...(settings.kafka_ssl ? { ssl: ca ? { ca: [ca] } : true } : {}),
    ...(sasl ? { sasl } : {}),
  });
}
