/** The distributed size as plain processes: Kafka, a ClickHouse server, collector, ingest and query API. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startKafka, type TestKafka } from './kafka.ts';
import { type RunningProcess, ready, runFile, steadyPort, temporaryFolder } from './processes.ts';

export interface Part {
  url: string;
  process(): RunningProcess;
  /** Starts it, or again after its end, on the same port; `env` replaces settings. */
  start(env?: Record<string, string>): Promise<void>;
}

export interface Distributed {
  kafka: TestKafka;
  /** The base topic, which all others are named after. */
  topic: string;
  /** Where the processes run and the server keeps its data. */
  folder: string;
  collector: Part;
  ingest: Part;
  api: Part;
  clickhouse: {
    url: string;
    writer: { username: string; password: string };
    database: string;
    /** Id of the server's own process, below its supervisor. */
    pid(): number;
  };
  /** What all processes have printed. */
  output(): string;
  stop(): Promise<void>;
}

export interface DistributedOptions {
  /** False: the test starts ingest itself. */
  ingest?: boolean;
  /** True where brokers are killed or paused. */
  faults?: boolean;
  env?: Record<string, string>;
}

interface Server {
  url: string;
  database: string;
  writer: { username: string; password: string };
  reader: { username: string; password: string };
}

const HASH_KEY = 'one secret of at least thirty-two characters';

export async function startDistributed(options: DistributedOptions = {}): Promise<Distributed> {
  const folder = temporaryFolder('distributed');
  const data_dir = join(folder.path, 'clickhouse');
  const server = runFile('engine/main.ts', { args: ['--data-dir', data_dir], cwd: folder.path });
  const processes: RunningProcess[] = [server];
  let kafka: TestKafka | undefined;

  const stop = async (): Promise<void> => {
    await Promise.all(processes.map((one) => one.end('SIGKILL')));
    await kafka?.stop();
    folder.remove();
  };
  const part = async (
    file: string,
    port_variable: string,
    env: Record<string, string>,
    untilReady = true,
  ): Promise<Part> => {
    const port = await steadyPort();
    const url = `http://127.0.0.1:${port}`;
    let running: RunningProcess | undefined;
    return {
      url,
      process: () => running!,
      async start(other = {}) {
        const all = { ...env, [port_variable]: String(port), ...other };
        running = runFile(file, { env: all, cwd: folder.path });
        processes.push(running);
        await running.says(/listening on/);
        if (untilReady) await ready(url);
      },
    };
  };

  try {
    const [said, broker] = await Promise.all([
      server.says(/^\{.*\}$/m),
      startKafka(options.faults ? { faults: true } : {}),
    ]);
    kafka = broker;
    const { url, database, writer, reader } = JSON.parse(said[0]) as Server;
    // A Kafka that others use too must keep their blocks and ours apart.
    const topic = `calls-${process.pid}-${Date.now()}`;
    const common = { PLUMBLINE_HASH_KEY: HASH_KEY, CLICKHOUSE_URL: url, ...options.env };
    const bus = {
      KAFKA_BROKERS: kafka.brokers.join(','),
      KAFKA_TOPIC: topic,
      KAFKA_GROUP: `${topic}-ingest`,
    };
    const writing = { CLICKHOUSE_USER: writer.username, CLICKHOUSE_PASSWORD: writer.password };
    const reading = { CLICKHOUSE_READ_USER: reader.username, CLICKHOUSE_READ_PASSWORD: reader.password };
    const collector = await part('collector/main.ts', 'PLUMBLINE_OTLP_PORT', { ...common, ...bus });
    const ingest = await part('ingest/main.ts', 'PLUMBLINE_INGEST_PORT', { ...common, ...bus, ...writing });
    // Without ingest there are no tables yet, and the query API says that it is not ready.
    const hasTables = options.ingest !== false;
    const api = await part('query-api/main.ts', 'PLUMBLINE_API_PORT', { ...common, ...reading }, hasTables);
    await Promise.all([
      collector.start(),
      api.start(),
      ...(options.ingest === false ? [] : [ingest.start()]),
    ]);
    return {
      kafka,
      topic,
      folder: folder.path,
      collector,
      ingest,
      api,
      clickhouse: {
        url,
        writer,
        database,
        pid() {
          const lock = JSON.parse(readFileSync(join(data_dir, 'engine.lock'), 'utf8')) as {
            engine: { pid: number };
          };
          return lock.engine.pid;
        },
      },
      output: () => processes.map((one) => one.output()).join('\n'),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
