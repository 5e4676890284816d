/**
 * OpenTelemetry's variables as far as the set-up itself must know them, the SDK reads the rest; and ours, for what
 * OpenTelemetry has no variable for.
 */
import type { TracerOptions } from '../settings.ts';

/** What we leave off unless the user has said otherwise. */
const DEFAULTS = {
  // The SDK would post metrics and logs too, to a collector that may take traces only.
  OTEL_METRICS_EXPORTER: 'none',
  OTEL_LOGS_EXPORTER: 'none',
  // All detectors but that of the process: a command line may hold secrets.
  OTEL_NODE_RESOURCE_DETECTORS: 'env,host,os,serviceinstance',
  // The SDK lets a span wait five seconds for others: longer than all the rest of its way to an answer.
  OTEL_BSP_SCHEDULE_DELAY: '1000',
};

/** Runs `setUp` with our defaults in the environment, which is the SDK's only way to be told of some of them. */
export function withDefaults(setUp: () => void): void {
  const added = Object.entries(DEFAULTS).filter(([name]) => !process.env[name]);
  for (const [name, value] of added) process.env[name] = value;
  try {
    setUp();
  } finally {
    for (const [name] of added) delete process.env[name];
  }
}

/** Whether the user left the traces' exporter to us, or asked for what ours is anyway. */
export function isExporterOurs(): boolean {
  const { OTEL_TRACES_EXPORTER, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL, OTEL_EXPORTER_OTLP_PROTOCOL } =
    process.env;
  const protocol = OTEL_EXPORTER_OTLP_TRACES_PROTOCOL || OTEL_EXPORTER_OTLP_PROTOCOL || 'http/json';
  return (OTEL_TRACES_EXPORTER || 'otlp') === 'otlp' && protocol === 'http/json';
}

/** Where traces go, without user name, password and query, to be named in a message. */
export function tracesEndpoint(): string {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_EXPORTER_OTLP_ENDPOINT } = process.env;
  const endpoint =
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || OTEL_EXPORTER_OTLP_ENDPOINT || 'http://localhost:4318';
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  return url
    ? `${url.protocol}//${url.host}${url.pathname.replace(/\/$/, '')}`
    : 'an endpoint that is no URL';
}

/** Our own variables: `PLUMBLINE_CONTENT` and `PLUMBLINE_FETCH_HOSTS`, a list with commas. */
export function ownOptions(): TracerOptions {
  const { PLUMBLINE_CONTENT, PLUMBLINE_FETCH_HOSTS } = process.env;
  const hosts = PLUMBLINE_FETCH_HOSTS?.split(',')
    .map((host) => host.trim())
    .filter(Boolean);
  return {
    content: (PLUMBLINE_CONTENT || undefined) as TracerOptions['content'],
    fetch_hosts: hosts,
  };
}

/** Whether the user has switched OpenTelemetry off. */
export function isDisabled(): boolean {
  return process.env.OTEL_SDK_DISABLED?.toLowerCase() === 'true';
}

/** Where scores go. An empty `url`: nowhere, since the user has switched logs or everything off. */
export interface LogsEndpoint {
  url: string;
  headers: Record<string, string>;
  timeout_ms: number;
  service: string | undefined;
}

const TIMEOUT_MS = 10_000;

/** OpenTelemetry's variables for logs. `OTEL_LOGS_EXPORTER=none` switches scores off; unset, they are sent. */
export function logsEndpoint(): LogsEndpoint {
  const { env } = process;
  const own = env.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT;
  const base = (env.OTEL_EXPORTER_OTLP_ENDPOINT || 'http://localhost:4318').replace(/\/$/, '');
  const isOff = isDisabled() || env.OTEL_LOGS_EXPORTER === 'none';
  return {
    url: isOff ? '' : own || `${base}/v1/logs`,
    headers: {
      ...parseHeaders(env.OTEL_EXPORTER_OTLP_HEADERS),
      ...parseHeaders(env.OTEL_EXPORTER_OTLP_LOGS_HEADERS),
    },
    timeout_ms: Number(env.OTEL_EXPORTER_OTLP_LOGS_TIMEOUT ?? env.OTEL_EXPORTER_OTLP_TIMEOUT) || TIMEOUT_MS,
    service: env.OTEL_SERVICE_NAME,
  };
}

/** `name=value,name2=value2`, percent-encoded, as baggage. */
function parseHeaders(list: string | undefined): Record<string, string> {
  const pairs = (list ?? '').split(',').map((pair) => {
    const at = pair.indexOf('=');
    return [decode(pair.slice(0, Math.max(at, 0))), decode(pair.slice(at + 1))] as const;
  });
  return Object.fromEntries(pairs.filter(([name]) => name !== ''));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return text.trim();
  }
}
