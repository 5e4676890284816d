/** Requests as one would type them, shown beside each route in the OpenAPI document; a test runs every one. */

/** Where the samples ask: the defaults of PLUMBLINE_HOST and PLUMBLINE_API_PORT. */
export const SAMPLE_URL = 'http://127.0.0.1:8080';
/** The call that samples name. */
export const SAMPLE_CALL = { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331' };

interface Samples {
  'x-codeSamples': { lang: 'Shell'; label: string; source: string }[];
}

/** One sample a question: `[what it answers, path and query, body to post]`. */
export function samples(
  ...questions: readonly (readonly [label: string, path: string, body?: unknown])[]
): Samples {
  return {
    'x-codeSamples': questions.map(([label, path, body]) => ({
      lang: 'Shell',
      label,
      source:
        body === undefined
          ? `curl '${SAMPLE_URL}${path}'`
          : `curl '${SAMPLE_URL}${path}' -H 'content-type: application/json' -d '${JSON.stringify(body)}'`,
    })),
  };
}
