/** Server-sent events as far as model providers use them: the JSON after `data:`, one event a line. */
export class EventLines {
  private readonly decoder = new TextDecoder();
  private readonly onData: (data: unknown) => void;
  private rest = '';

  /** `onData` takes each event's JSON, parsed. What is no JSON (`[DONE]`) is passed over. */
  constructor(onData: (data: unknown) => void) {
    this.onData = onData;
  }

  /** Takes the next bytes, wherever they were cut. */
  take(bytes: unknown): void {
    if (!(bytes instanceof Uint8Array)) return;
    const lines = (this.rest + this.decoder.decode(bytes, { stream: true })).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.startsWith('data:')) continue;
      const data = parse(line.slice(5));
      if (data !== undefined) this.onData(data);
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
