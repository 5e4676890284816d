/** A real Kafka for tests: the broker's own jars, run by Java on free ports with data in a temporary folder. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { type Broker, type BrokerPorts, createBroker, freePorts } from './kafka/broker.ts';
import { kafkaJars } from './kafka/jars.ts';

const run = promisify(execFile);

export interface TestKafka {
  /** `host:port` of every broker. */
  brokers: string[];
  /** Where each keeps its data; empty when it was not started by the test. */
  folders: string[];
  /** Kills the brokers and removes their data. */
  stop(): Promise<void>;
  /** SIGKILL: the broker is gone at once, its data stays. */
  kill(index: number): Promise<void>;
  /** Starts a killed broker again, with the same data and ports. */
  start(index: number): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(index: number): void;
  /** SIGCONT: ends `pause`. */
  resume(index: number): void;
}

export interface TestKafkaOptions {
  /** One broker, or three with replication factor 3 and two in-sync replicas. */
  brokers?: 1 | 3;
  /** True where brokers are killed or paused: never uses the Kafka of PLUMBLINE_TEST_KAFKA. */
  faults?: boolean;
}

/**
 * Starts Kafka and resolves when it answers (some seconds; the first run on a machine fetches the jars).
 * PLUMBLINE_TEST_KAFKA (`host:port,...`) names a running Kafka to use instead, unless faults are wanted; it must
 * allow short sessions (`group.min.session.timeout.ms=500`).
 * Brokers end with the test process, however that ends.
 */
export async function startKafka(options: TestKafkaOptions = {}): Promise<TestKafka> {
  const running = process.env.PLUMBLINE_TEST_KAFKA;
  if (running && !options.faults) return runningKafka(running.split(','));
  const jars = await kafkaJars();
  const size = options.brokers ?? 1;
  const ports = await freePorts(size * 2);
  const places: BrokerPorts[] = [];
  for (let i = 0; i < size; i++) places.push({ broker: ports[i * 2]!, controller: ports[i * 2 + 1]! });

  // In hex digits no id begins with a dash, which the tool that formats would take for an option.
  const cluster_id = Buffer.from(randomBytes(8).toString('hex')).toString('base64url');
  const brokers: Broker[] = [];
  const stop = async () => {
    await Promise.all(brokers.map((broker) => broker.remove()));
  };
  try {
    for (let i = 0; i < size; i++)
      brokers.push(await createBroker({ index: i, ports: places, jars, cluster_id }));
    await Promise.all(brokers.map((broker) => broker.format(run)));
    await Promise.all(brokers.map((broker) => broker.start()));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    brokers: places.map(({ broker }) => `127.0.0.1:${broker}`),
    folders: brokers.map(({ folder }) => folder),
    stop,
    kill: (index) => brokers[index]!.kill(),
    start: (index) => brokers[index]!.start(),
    pause: (index) => brokers[index]!.signal('SIGSTOP'),
    resume: (index) => brokers[index]!.signal('SIGCONT'),
  };
}

function runningKafka(brokers: string[]): TestKafka {
  const refuse = (): never => {
    throw new Error('this Kafka was not started by the test: ask startKafka for faults');
  };
  return {
    brokers,
    folders: [],
    stop: async () => {},
    kill: async () => refuse(),
    start: async () => refuse(),
    pause: refuse,
    resume: refuse,
  };
}
