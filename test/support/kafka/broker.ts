import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const START_TIMEOUT_MS = 60_000;

export interface BrokerPorts {
  broker: number;
  controller: number;
}

export interface BrokerOptions {
  /** Which of the cluster's brokers this is; the first is the controller too. */
  index: number;
  ports: BrokerPorts[];
  jars: string;
  cluster_id: string;
}

export interface Broker {
  /** Its settings, its log and its data. */
  folder: string;
  format(run: (command: string, args: string[]) => Promise<unknown>): Promise<void>;
  start(): Promise<void>;
  kill(): Promise<void>;
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  remove(): Promise<void>;
}

/** One broker process, its settings and data in a temporary folder of its own. */
export async function createBroker(options: BrokerOptions): Promise<Broker> {
  const folder = await mkdtemp(join(tmpdir(), 'plumbline-kafka-'));
  const settings = join(folder, 'server.properties');
  const log = join(folder, 'broker.log');
  await writeFile(settings, properties(options, join(folder, 'data')));
  const java = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', `${options.jars}/*`];
  let child: ChildProcess | undefined;

  const kill = async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };

  return {
    folder,
    async format(run) {
      const mode = options.index === 0 ? ['--standalone'] : [];
      const args = ['format', ...mode, '-t', options.cluster_id, '-c', settings];
      await run('java', [...java, 'kafka.tools.StorageTool', ...args]);
    },
    async start() {
      const output = openSync(log, 'w');
      const memory = options.ports.length > 1 ? '-Xmx384m' : '-Xmx512m';
      const logging = [
        '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
        '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
      ];
      child = spawn('java', [memory, ...logging, ...java, 'kafka.Kafka', settings], {
        stdio: ['ignore', output, output],
      });
      closeSync(output);
      endWithThisProcess(child, folder);
      await started(child, log);
    },
    kill,
    signal(signal) {
      child?.kill(signal);
    },
    async remove() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Ports nobody listens on now, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

function properties({ index, ports }: BrokerOptions, data: string): string {
  const { broker, controller } = ports[index]!;
  const first = index === 0;
  const replicas = ports.length;
  const listeners = [`PLAINTEXT://127.0.0.1:${broker}`];
  if (first) listeners.push(`CONTROLLER://127.0.0.1:${controller}`);
  return `${Object.entries({
    'process.roles': first ? 'broker,controller' : 'broker',
    'node.id': index + 1,
    'controller.quorum.bootstrap.servers': `127.0.0.1:${ports[0]!.controller}`,
    listeners: listeners.join(','),
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${broker}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': data,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': 1,
    'min.insync.replicas': replicas > 1 ? 2 : 1,
    'group.initial.rebalance.delay.ms': 0,
    // Tests that wait for a lost member or a dead broker should not wait for production's long timeouts.
    'group.min.session.timeout.ms': 500,
    'broker.session.timeout.ms': 2000,
    'broker.heartbeat.interval.ms': 500,
    'replica.lag.time.max.ms': 3000,
    'auto.create.topics.enable': false,
  })
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`;
}

async function started(child: ChildProcess, log: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!readFileSync(log, 'utf8').includes('Kafka Server started')) {
    const ended = child.exitCode !== null || child.signalCode !== null;
    if (ended || Date.now() > deadline) {
      throw new Error(`the Kafka broker did not start:\n${readFileSync(log, 'utf8').slice(-4000)}`);
    }
    await sleep(50);
  }
}

/** A shell waits for the end of a pipe that only this process holds, so even SIGKILL leaves no broker behind. */
function endWithThisProcess(broker: ChildProcess, folder: string): void {
  const script = 'read -r _; kill -9 "$0" 2>/dev/null; sleep 1; rm -rf "$1"';
  const guard = spawn('sh', ['-c', script, String(broker.pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  broker.once('exit', () => guard.kill());
}
