/** One line to paste into a shell that sends a first model call: OTLP/JSON by curl, as any emitter would. */

/** POSIX shell; needs curl and date. Started this second, took 420 ms, cost what gpt-4o-mini costs. */
export function firstCallCommand(otlp_url: string, withKey: boolean): string {
  const attributes = [
    ['gen_ai.operation.name', 'stringValue', 'chat'],
    ['gen_ai.provider.name', 'stringValue', 'openai'],
    ['gen_ai.request.model', 'stringValue', 'gpt-4o-mini'],
    ['gen_ai.usage.input_tokens', 'intValue', '1200'],
    ['gen_ai.usage.output_tokens', 'intValue', '80'],
  ].map(([key, type, value]) => ({ key, value: { [type!]: value } }));
  const body = JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'first-call' } }] },
        scopeSpans: [
          {
            spans: [
              {
                traceId: 'TRACE',
                spanId: 'SPAN',
                name: 'chat gpt-4o-mini',
                kind: 3,
                startTimeUnixNano: 'NOW000000000',
                endTimeUnixNano: 'NOW420000000',
                attributes,
              },
            ],
          },
        ],
      },
    ],
  });
  const now = `'"$(date +%s)"'`;
  const filled = body
    .replaceAll('NOW', now)
    .replace('TRACE', `'"$(date +%s%N | md5sum | cut -c1-32)"'`)
    .replace('SPAN', `'"$(date +%N%s | md5sum | cut -c1-16)"'`);
  const key = withKey ? " -H 'x-api-key: YOUR-INGEST-KEY'" : '';
  return `curl ${otlp_url}/v1/traces -H 'content-type: application/json'${key} -d '${filled}'`;
}
