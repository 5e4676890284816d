/**
 * OpenTelemetry's variables as far as the set-up itself must know them; the SDK reads the rest.
 */

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
