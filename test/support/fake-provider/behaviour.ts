/** How the fake provider answers one request: header `x-fake` (JSON), else the model's name, else defaults. */
export interface Behaviour {
  /** Wait before the first byte. */
  delay_ms: number;
  /** 200, or the status of an error answer. */
  status: number;
  /** Only this many requests with the same `x-fake` header get that status, the later ones are answered. */
  fail_first: number | undefined;
  /** Asks for a call of this tool (with `{}`) instead of answering, until its result is among the messages. */
  tool: string | undefined;
  /** Pieces the text is streamed in. */
  chunks: number;
  /** Wait before each piece. */
  chunk_delay_ms: number;
  /** Cut the connection after this many pieces of text. */
  cut_after: number | undefined;
  /** End the stream in peace after this many pieces of text, before its finish reason and its usage. */
  end_after: number | undefined;
  /** Say nothing of usage, as some servers do. */
  no_usage: boolean;
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
    fail_first: undefined,
    tool: undefined,
    chunks: 4,
    chunk_delay_ms: 0,
    cut_after: undefined,
    end_after: undefined,
    no_usage: false,
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

/** The tool to ask for in answer to these messages; undefined when the answer is text. */
export function askedTool(
  { tool }: Behaviour,
  messages: readonly ToldMessage[] | undefined,
): string | undefined {
  const isResult = ({ role, content }: ToldMessage): boolean =>
    role === 'tool' ||
    (Array.isArray(content) && content.some((part: { type?: string }) => part.type === 'tool_result'));
  return messages?.some(isResult) ? undefined : tool;
}

export interface ToldMessage {
  role: string;
  content?: unknown;
}
