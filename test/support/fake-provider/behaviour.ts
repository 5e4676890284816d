/** How the fake provider answers one request: header `x-fake` (JSON), else the model's name, else defaults. */
export interface Behaviour {
  /** Wait before the first byte. */
  delay_ms: number;
  /** 200, or the status of an error answer. */
  status: number;
  /** Pieces the text is streamed in. */
  chunks: number;
  /** Wait before each piece. */
  chunk_delay_ms: number;
  /** Cut the connection after this many pieces of text. */
  cut_after: number | undefined;
  text: string;
  /** The model that answers; the one asked for if left out. */
  model: string | undefined;
  usage: FakeUsage;
}

/** Billed totals: input includes the cached tokens, output the reasoning; each protocol words them its own way. */
export interface FakeUsage {
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  reasoning_tokens: number;
}

const USAGE: FakeUsage = {
  input_tokens: 12,
  output_tokens: 8,
  cache_read_tokens: 0,
  cache_write_tokens: 0,
  reasoning_tokens: 0,
};

/** `fake-429`, `fake-500`, ... as a model's name ask for that status. */
export function behaviourOf(header: string | string[] | undefined, model: unknown): Behaviour {
  const asked = typeof header === 'string' ? (JSON.parse(header) as Partial<Behaviour>) : {};
  const named = /^fake-(\d{3})$/.exec(String(model))?.[1];
  return {
    delay_ms: 0,
    status: named ? Number(named) : 200,
    chunks: 4,
    chunk_delay_ms: 0,
    cut_after: undefined,
    text: 'Paris is the capital of France.',
    model: undefined,
    ...asked,
    usage: { ...USAGE, ...asked.usage },
  };
}

/** The text in at most `chunks` pieces of about equal length, none empty. */
export function pieces({ text, chunks }: Behaviour): string[] {
  const characters = [...text];
  const size = Math.max(1, Math.ceil(characters.length / chunks));
  return Array.from({ length: Math.ceil(characters.length / size) }, (_, index) =>
    characters.slice(index * size, (index + 1) * size).join(''),
  );
}
