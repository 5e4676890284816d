import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { COUNT_QUERIES, END_QUERY, type EngineConfig, engineArguments } from './config.ts';
import { type DataLock, lockDataDirectory } from './data-lock.ts';
import { type EngineProcess, spawnEngine } from './engine-process.ts';
import { EngineError, explainFailure } from './failure.ts';
import { send } from './http.ts';
import { locateLibrary } from './library.ts';
import { probePort } from './port.ts';
import { configure, writeConfig } from './setup.ts';
import type { Engine, EngineOptions, EngineState } from './types.ts';

export type { Engine, EngineOptions, EngineState } from './types.ts';

const PING_INTERVAL_MS = 1_000;
const READY_POLL_MS = 25;
const IDLE_STOP_MS = 1_000;
const ORDERLY_STOP_MS = 4_000;
const BACKOFF_MIN_MS = 100;
const BACKOFF_MAX_MS = 10_000;
/** An engine that lived this long after its start is not failing rapidly. */
const STABLE_MS = 2_000;
/** So many unanswered pings, not only so much time: a pause of this process must not look like a hung engine. */
const HUNG_PINGS = 3;

/**
 * Starts the embedded ClickHouse and keeps it running: an engine that ends or hangs is started again on the
 * same port with the same passwords.
 * @throws EngineError with one sentence that says the fix
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const dataDir = resolve(options.data_dir);
  const libraryPath = locateLibrary();
  let lock: DataLock | undefined;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    lock = await lockDataDirectory(dataDir);
    const config = configure(options, join(dataDir, 'engine'), await probePort(options.http_port ?? 0));
    const supervisor = new Supervisor(options, dataDir, libraryPath, lock, config);
    await supervisor.start();
    return supervisor;
  } catch (error) {
    lock?.release();
    throw systemFailure(error, dataDir, options.http_port ?? 0);
  }
}

/** A system's refusal (disk, port) as a sentence; any other error as it is. */
function systemFailure(error: unknown, dataDir: string, http_port: number): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof EngineError || typeof code !== 'string') return error;
  return explainFailure({ data_dir: dataDir, http_port, output: `${code}: ${message}`, ended: code });
}

class Supervisor implements Engine {
  readonly url: string;
  restarts = 0;
  state: EngineState = 'starting';

  readonly #options: EngineOptions;
  readonly #dataDir: string;
  readonly #libraryPath: string;
  readonly #lock: DataLock;
  readonly #config: EngineConfig;
  readonly #stopping = new AbortController();
  #process: EngineProcess | undefined;
  #watching: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;
  #failure: EngineError | undefined;

  constructor(
    options: EngineOptions,
    dataDir: string,
    libraryPath: string,
    lock: DataLock,
    config: EngineConfig,
  ) {
    this.url = `http://127.0.0.1:${config.http_port}`;
    this.#options = options;
    this.#dataDir = dataDir;
    this.#libraryPath = libraryPath;
    this.#lock = lock;
    this.#config = config;
  }

  get database() {
    return this.#config.database;
  }

  get writer() {
    return this.#config.writer;
  }

  get reader() {
    return this.#config.reader;
  }

  pid(): number | undefined {
    return this.#process?.end() === undefined ? this.#process?.pid : undefined;
  }

  async start(): Promise<void> {
    const began = performance.now();
    await this.#launch();
    const created = await this.#send(`CREATE DATABASE IF NOT EXISTS ${this.database}`, 10_000);
    if (!created.ok) {
      await this.#terminate();
      throw this.#explain(created.text, undefined);
    }
    this.#enter('ready');
    this.#options.log?.('info', 'the embedded engine is ready', {
      url: this.url,
      pid: this.pid(),
      start_ms: Math.round(performance.now() - began),
    });
    this.#watching = this.#watch();
  }

  async ping(): Promise<void> {
    if (this.#failure) throw this.#failure;
    const reply = await this.#send('SELECT 1', 5_000).catch((cause: unknown) => {
      throw new EngineError(`The embedded engine does not answer (${this.state}).`, { cause });
    });
    if (!reply.ok) throw new EngineError(`The embedded engine refuses: ${reply.text.trim().slice(0, 300)}`);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#enter('stopping');
    this.#stopping.abort();
    await this.#watching;
    await this.#terminate();
    this.#lock.release();
    this.#enter('stopped');
  }

  /** Lets the engine end in order, and kills it when it takes too long: what it has committed is safe either way. */
  async #terminate(): Promise<void> {
    const engine = this.#process;
    if (engine === undefined || engine.end() !== undefined) return;
    const began = performance.now();
    const ask = (statement: string) =>
      send(this.url, this.#config.supervisor, statement, { timeout_ms: IDLE_STOP_MS }).catch(() => undefined);
    const underWay = await ask(COUNT_QUERIES);
    await ask(END_QUERY);
    // The engine waits for every open connection, even an idle one: worth it only for statements under way.
    const grace_ms = underWay?.text.trim() === '0' ? IDLE_STOP_MS : ORDERLY_STOP_MS;
    const left_ms = Math.max(0, grace_ms - (performance.now() - began));
    await Promise.race([engine.ended, sleep(left_ms, undefined, { ref: false })]);
    engine.kill();
    await engine.ended;
  }

  /** Starts a process and waits until it answers. */
  async #launch(): Promise<void> {
    const args = engineArguments(writeConfig(this.#config));
    const engine = spawnEngine(this.#libraryPath, args);
    this.#process = engine;
    if (engine.pid !== undefined) this.#lock.noteEngine(engine.pid);
    const deadline = performance.now() + (this.#options.start_timeout_ms ?? 60_000);
    while (engine.end() === undefined && performance.now() < deadline && !this.#stopping.signal.aborted) {
      const reply = await this.#send('SELECT 1', 2_000).catch(() => undefined);
      if (reply?.ok) return;
      await Promise.race([sleep(READY_POLL_MS), engine.ended]);
    }
    const end = engine.end();
    engine.kill();
    await engine.ended;
    throw this.#explain(engine.outputTail(), end);
  }

  /** Runs until the engine is stopped or given up. */
  async #watch(): Promise<void> {
    let rapidFailures = 0;
    while (!this.#stopping.signal.aborted) {
      const readyAt = performance.now();
      const broken = await this.#untilBroken(this.#process!);
      if (broken === undefined) return;
      if (performance.now() - readyAt > STABLE_MS) rapidFailures = 0;
      this.#enter('restarting', broken.message);
      for (let reason = broken; this.state === 'restarting'; ) {
        rapidFailures += 1;
        if (rapidFailures > (this.#options.max_rapid_failures ?? 8)) return this.#giveUp(reason);
        const backoff_ms = Math.min(BACKOFF_MIN_MS * 2 ** (rapidFailures - 1), BACKOFF_MAX_MS);
        this.#options.log?.('warn', reason.message, { restart_in_ms: backoff_ms });
        try {
          await sleep(backoff_ms, undefined, { signal: this.#stopping.signal });
          await this.#launch();
          this.restarts += 1;
          this.#enter('ready');
          this.#options.log?.('info', 'the embedded engine is ready again', { restarts: this.restarts });
        } catch (error) {
          if (this.#stopping.signal.aborted) return;
          reason = systemFailure(error, this.#dataDir, this.#config.http_port) as EngineError;
        }
      }
    }
  }

  /** Resolves when the engine has ended or hung, with the reason; with nothing when it is to be stopped. */
  async #untilBroken(engine: EngineProcess): Promise<EngineError | undefined> {
    const { signal } = this.#stopping;
    const hang_timeout_ms = this.#options.hang_timeout_ms ?? 30_000;
    let unanswered = 0;
    let silentSince = performance.now();
    while (engine.end() === undefined) {
      await Promise.race([sleep(PING_INTERVAL_MS, undefined, { signal }).catch(() => {}), engine.ended]);
      if (signal.aborted) return undefined;
      const answered = await Promise.race([
        this.#send('SELECT 1', hang_timeout_ms / HUNG_PINGS, signal).then(
          () => true,
          () => false,
        ),
        engine.ended.then(() => false),
      ]);
      if (answered) {
        unanswered = 0;
        silentSince = performance.now();
      } else unanswered += 1;
      if (unanswered >= HUNG_PINGS && performance.now() - silentSince >= hang_timeout_ms) {
        engine.kill();
        await engine.ended;
        return new EngineError(
          `The embedded engine did not answer for ${hang_timeout_ms / 1000} s and was killed.`,
        );
      }
    }
    return signal.aborted ? undefined : this.#explain(engine.outputTail(), engine.end());
  }

  #giveUp(reason: EngineError): void {
    this.#failure = new EngineError(`The embedded engine keeps failing and is given up. ${reason.message}`);
    this.#options.log?.('error', this.#failure.message);
    this.#enter('failed', this.#failure.message);
  }

  #enter(state: EngineState, reason?: string): void {
    this.state = state;
    this.#options.onStateChange?.(state, reason);
  }

  #send(statement: string, timeout_ms: number, signal?: AbortSignal) {
    return send(this.url, this.writer, statement, { timeout_ms, ...(signal ? { signal } : {}) });
  }

  #explain(output: string, ended: string | undefined): EngineError {
    return explainFailure({
      data_dir: this.#dataDir,
      http_port: this.#config.http_port,
      output,
      ended,
    });
  }
}
